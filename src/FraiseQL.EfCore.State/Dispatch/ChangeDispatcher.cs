using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>Runs the handlers of one context on this node, a <see cref="GroupRunner"/> for each group.</summary>
internal sealed class ChangeDispatcher : BackgroundService
{
    private readonly HandlerRegistry _registry;
    private readonly ContextDatabase _database;
    private readonly StateRuntime _runtime;
    private readonly Func<HandlerGroupPlan, GroupRunner> _createRunner;
    private readonly CancellationTokenSource _abort = new();
    private IReadOnlyList<HandlerGroupPlan> _groups = [];

    public ChangeDispatcher(
        HandlerRegistry registry, ContextDatabase database, StateRuntime runtime, ListenerStatus listener, IServiceScopeFactory scopes)
    {
        _registry = registry;
        _database = database;
        _runtime = runtime;
        var owner = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid():n}";
        _createRunner = plan => new GroupRunner(plan, database, runtime, listener, scopes, owner);
    }

    /// <exception cref="InvalidOperationException">A handler can never be called.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        _groups = _registry.ResolveGroups(await _database.ReadModelAsync().ConfigureAwait(false));
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        using (cancellationToken.UnsafeRegister(static abort => ((CancellationTokenSource)abort!).Cancel(), _abort))
        {
            await base.StopAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public override void Dispose()
    {
        _abort.Dispose();
        base.Dispose();
    }

    // With the listener off nothing wakes the handlers, and the listener has said what that means.
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
        => _runtime.Options.Cdc.Enabled
            ? Task.WhenAll(_groups.Select(group => Task.Run(() => _createRunner(group).RunAsync(stoppingToken, _abort.Token), CancellationToken.None)))
            : Task.CompletedTask;
}
