using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Migrations;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace FraiseQL.EfCore.State.PostgresTests.Listener;

/// <summary>A listener as a process has it, with consumers that remember.</summary>
internal sealed class ListenerNode : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly ChangeListener _listener;

    private ListenerNode(string connectionString, FraiseQLStateOptions options, RecordingConsumer[] consumers)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddFakeLogging().SetMinimumLevel(LogLevel.Information));
        services.AddDbContext<ItemContext>(o => o.UseNpgsql(connectionString).UseFraiseQLState());
        _services = services.BuildServiceProvider();
        Consumers = consumers;
        Runtime = new StateRuntime(options, TimeProvider.System, _services.GetRequiredService<ILoggerFactory>(), l2: null, hasListener: true);
        _listener = new ChangeListener(
            new ContextDatabase(_services.GetRequiredService<IServiceScopeFactory>(), typeof(ItemContext), Runtime.Options.Cdc.ListenTimeout), Runtime, consumers, Status,
            async (connection, token) =>
            {
                var state = await LogIdentityQuery.ReadAsync(connection, token);
                return new CaptureReport(state.HasLog, Captured, state.HasLog ? [] : [StateStrings.NoEventLog], state.HasLog);
            });
    }

    public IReadOnlySet<string> Captured { get; set; } = new HashSet<string> { "public.item" };

    public StateRuntime Runtime { get; }

    public ListenerStatus Status { get; } = new();

    public RecordingConsumer[] Consumers { get; }

    public RecordingConsumer Consumer => Consumers[0];

    public FakeLogCollector Log => _services.GetRequiredService<FakeLogCollector>();

    public bool HasEnded => _listener.ExecuteTask!.IsCompleted;

    public static async Task<ListenerNode> StartAsync(
        string connectionString, Action<CdcOptions>? configure = null, bool connected = true, RecordingConsumer[]? consumers = null)
    {
        var options = new FraiseQLStateOptions();
        configure?.Invoke(options.Cdc);
        var node = new ListenerNode(connectionString, options, consumers ?? [new RecordingConsumer()]);
        await node._listener.StartAsync(default);
        if (connected)
        {
            await Eventually.Until(() => node.Status.Connected);
        }

        return node;
    }

    public Task StopAsync() => _listener.StopAsync(default);

    public async ValueTask DisposeAsync()
    {
        await _listener.StopAsync(default);
        _listener.Dispose();
        await _services.DisposeAsync();
    }
}
