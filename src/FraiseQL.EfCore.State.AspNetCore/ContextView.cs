using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Model;
using FraiseQL.EfCore.State.Setup;
using FraiseQL.EfCore.State.Subscriptions;
using FraiseQL.EfCore.State.Warming;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.AspNetCore;

/// <summary>One context's state, as far as the page shows it. Thread-safe.</summary>
internal sealed class ContextView : IDisposable
{
    private volatile IReadOnlyList<(string Name, Type Type)>? _entities;

    public ContextView(IServiceProvider services, Type type, string name, TimeProvider time)
    {
        Name = name;
        Runtime = services.GetRequiredKeyedService<StateRuntime>(type);
        Listener = services.GetRequiredKeyedService<ListenerStatus>(type);
        Database = services.GetRequiredKeyedService<ContextDatabase>(type);
        Feed = services.GetRequiredKeyedService<ChangeFeed>(type);
        Cache = services.GetRequiredKeyedService<IStateCache>(type);
        Groups = services.GetRequiredKeyedService<IHandlerGroups>(type);
        DeadLetters = services.GetRequiredKeyedService<IDeadLetters>(type);
        Warmer = services.GetRequiredKeyedService<Warmer>(type);
        GroupWatch = new GroupWatch(Database);
        Sampler = new Sampler(Runtime, Listener, GroupWatch, time);
    }

    public string Name { get; }

    public StateRuntime Runtime { get; }

    public ListenerStatus Listener { get; }

    public ContextDatabase Database { get; }

    public ChangeFeed Feed { get; }

    public IStateCache Cache { get; }

    public IHandlerGroups Groups { get; }

    public IDeadLetters DeadLetters { get; }

    public Warmer Warmer { get; }

    public GroupWatch GroupWatch { get; }

    public Sampler Sampler { get; }

    /// <summary>The entities whose changes are captured, by their short names.</summary>
    public async Task<IReadOnlyList<(string Name, Type Type)>> EntitiesAsync()
    {
        if (_entities is { } known)
        {
            return known;
        }

        var model = await Database.ReadModelAsync().ConfigureAwait(false);
        var captured = CaptureModel.For(model).Tables.Where(t => !t.IsPart).Select(t => t.Entity).ToHashSet(StringComparer.Ordinal);
        return _entities =
        [
            .. model.GetEntityTypes()
                .Where(e => captured.Contains(EntityNames.ToShortName(e.Name)) && !e.HasSharedClrType)
                .Select(e => (Name: EntityNames.ToShortName(e.Name), Type: e.ClrType))
                .DistinctBy(e => e.Name)
                .OrderBy(e => e.Name, StringComparer.Ordinal),
        ];
    }

    public void Dispose()
    {
        Sampler.Dispose();
        GroupWatch.Dispose();
    }
}
