using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.PostgresTests.Dispatch;

/// <summary>What the handlers of a test have handled, in order, on all its nodes.</summary>
internal sealed class Handled
{
    private readonly ConcurrentQueue<(string Node, ChangeEvent<Post> Event, int Attempt)> _all = new();

    public Func<ChangeEvent<Post>, ChangeContext, CancellationToken, Task>? Before { get; set; }

    public IReadOnlyList<ChangeEvent<Post>> Events => [.. _all.Select(entry => entry.Event)];

    public IReadOnlyList<int> Attempts => [.. _all.Select(entry => entry.Attempt)];

    public IReadOnlySet<string> Nodes => _all.Select(entry => entry.Node).ToHashSet();

    public int Count => _all.Count;

    public IReadOnlyList<string> Of(int id) => [.. Events.Where(e => e.EntityId == $"post-{id}").Select(e => e.Type)];

    public Action<FraiseQLStateBuilder> On(string node) => builder =>
    {
        builder.Services.AddSingleton(this);
        builder.Services.AddKeyedSingleton("node", node);
        builder.AddHandler<PostRecorder>();
    };

    public async Task RecordAsync(string node, ChangeEvent<Post> change, ChangeContext context, CancellationToken cancellationToken)
    {
        if (Before is { } before)
        {
            await before(change, context, cancellationToken);
        }

        _all.Enqueue((node, change, context.Attempt));
    }
}

internal sealed class PostRecorder(Handled handled, [FromKeyedServices("node")] string node) : IChangeHandler<Post>
{
    public Task HandleAsync(ChangeEvent<Post> change, ChangeContext context, CancellationToken cancellationToken)
        => handled.RecordAsync(node, change, context, cancellationToken);
}
