using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>
/// What was registered for one context, as far as the check of its options must know it, and the bell of their monitor. Filled while services are registered.
/// </summary>
internal sealed class StatePlan(Type contextType) : IOptionsChangeTokenSource<FraiseQLStateOptions>
{
    private ConfigurationReloadToken _changed = new();

    public Type ContextType { get; } = contextType;

    /// <summary>The name of the context's options.</summary>
    public string Name => ContextType.FullName!;

    public List<IConfiguration> Sections { get; } = [];

    /// <summary>The shared level of the last call for the context; <see langword="null"/> when there was none.</summary>
    public SharedLevelRegistration? Shared { get; set; }

    /// <summary>The key as the user wrote it: with the path of the section, if one was given.</summary>
    public string PathOf(string key) => Sections.OfType<IConfigurationSection>().FirstOrDefault() is { } section ? $"{section.Path}:{key}" : key;

    public IChangeToken GetChangeToken() => Volatile.Read(ref _changed);

    /// <summary>
    /// Tells the options' monitor of a change that was found right. It would throw into whoever reloads the configuration for one that is wrong, and have no
    /// value afterwards.
    /// </summary>
    public void Changed() => Interlocked.Exchange(ref _changed, new ConfigurationReloadToken()).OnReload();

    /// <summary>The plan of a context, made by the first call for it.</summary>
    public static StatePlan Of(IServiceCollection services, Type contextType)
    {
        foreach (var service in services)
        {
            if (service.IsKeyedService && Equals(service.ServiceKey, contextType) && service.KeyedImplementationInstance is StatePlan known)
            {
                return known;
            }
        }

        var plan = new StatePlan(contextType);
        services.AddKeyedSingleton<StatePlan>((object)contextType, plan);
        services.AddSingleton(plan);
        services.AddSingleton<IOptionsChangeTokenSource<FraiseQLStateOptions>>(plan);
        return plan;
    }
}
