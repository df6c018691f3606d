using FraiseQL.EfCore.State.Migrations;
using FraiseQL.EfCore.State.Model;
using FraiseQL.EfCore.State.Refresh;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace FraiseQL.EfCore.State.Listener;

/// <summary>What the listener adds to the application's services, once per context.</summary>
internal static class ListenerServices
{
    public static void Add(FraiseQLStateBuilder builder)
    {
        var key = builder.ContextType;
        if (builder.Services.Any(s => s.IsKeyedService && s.ServiceType == typeof(ListenerStatus) && Equals(s.ServiceKey, key)))
        {
            return;
        }

        builder.Services.AddKeyedSingleton(key, (services, _) => new ListenerStatus(services.GetService<TimeProvider>(), key.Name));
        builder.Services.AddKeyedSingleton(key, (services, _) => new ContextDatabase(
            services.GetRequiredService<IServiceScopeFactory>(), key, services.GetRequiredKeyedService<StateRuntime>(key).Options.Cdc.ListenTimeout,
            services.GetKeyedService<IConnectionFaults>(key)));
        builder.Services.AddKeyedSingleton(key, (services, _) => new ViewRefresher(
            services.GetRequiredKeyedService<ContextDatabase>(key), services.GetRequiredKeyedService<StateRuntime>(key)));
        builder.Services.AddKeyedSingleton<IBroadcastConsumer>(key, (services, _) => services.GetRequiredKeyedService<ViewRefresher>(key));
        builder.Services.AddSingleton<IHostedService>(services => services.GetRequiredKeyedService<ViewRefresher>(key));
        builder.Services.AddSingleton<IHostedService>(services => CreateListener(services, key));
        builder.Services.AddSingleton<IHostedService>(services => new LogRetention(
            services.GetRequiredKeyedService<ContextDatabase>(key), services.GetRequiredKeyedService<StateRuntime>(key)));
    }

    private static ChangeListener CreateListener(IServiceProvider services, Type key)
    {
        var database = services.GetRequiredKeyedService<ContextDatabase>(key);
        return new ChangeListener(
            database,
            services.GetRequiredKeyedService<StateRuntime>(key),
            services.GetKeyedServices<IBroadcastConsumer>(key),
            services.GetRequiredKeyedService<ListenerStatus>(key),
            (connection, cancellationToken) => CheckCaptureAsync(services, key, connection, cancellationToken));
    }

    /// <summary>Compares what the database captures with the model of a context.</summary>
    public static async Task<CaptureReport> CheckCaptureAsync(
        IServiceProvider services, Type key, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var model = CaptureModel.For(await services.GetRequiredKeyedService<ContextDatabase>(key).ReadModelAsync().ConfigureAwait(false));
        var isScoped = services.GetRequiredKeyedService<StateRuntime>(key).Scopes.SessionVariables.Count > 0;
        return await (model.HasTriggers
            ? CaptureCheck.CheckAsync(connection, model, isScoped, cancellationToken)
            : ApplicationCaptureCheck.CheckAsync(connection, model, isScoped, cancellationToken)).ConfigureAwait(false);
    }
}
