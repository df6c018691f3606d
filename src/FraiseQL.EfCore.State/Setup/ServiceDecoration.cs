using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>Puts a service of ours around the one that is registered, whatever it is and whoever registered it.</summary>
internal static class ServiceDecoration
{
    /// <summary>
    /// Replaces the registration of <typeparamref name="TService"/> by <typeparamref name="TDecorator"/>, whose constructor takes the
    /// original as a <typeparamref name="TService"/>. Does nothing when it is already decorated.
    /// </summary>
    /// <exception cref="InvalidOperationException">No <typeparamref name="TService"/> is registered.</exception>
    public static IServiceCollection Decorate<TService, TDecorator>(this IServiceCollection services, Func<IServiceProvider, TService, TDecorator> create)
        where TService : class
        where TDecorator : class, TService
    {
        for (var i = services.Count - 1; i >= 0; i--)
        {
            var inner = services[i];
            if (inner.ServiceType != typeof(TService) || inner.IsKeyedService)
            {
                continue;
            }

            if (inner.ImplementationFactory?.Target is Decoration<TService, TDecorator>)
            {
                return services;
            }

            var decoration = new Decoration<TService, TDecorator>(inner, create);
            services[i] = new ServiceDescriptor(typeof(TService), decoration.Create, inner.Lifetime);
            return services;
        }

        throw new InvalidOperationException($"{typeof(TService).Name} is not registered; FraiseQL state needs Npgsql's services first.");
    }

    private sealed class Decoration<TService, TDecorator>(ServiceDescriptor inner, Func<IServiceProvider, TService, TDecorator> create)
        where TService : class
        where TDecorator : class, TService
    {
        private readonly ObjectFactory? _construct = inner.ImplementationType is { } type
            ? ActivatorUtilities.CreateFactory(type, Type.EmptyTypes)
            : null;

        public object Create(IServiceProvider provider)
        {
            var original = inner.ImplementationInstance
                ?? inner.ImplementationFactory?.Invoke(provider)
                ?? _construct!(provider, null);
            return create(provider, (TService)original);
        }
    }
}
