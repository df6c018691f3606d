namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>A group of handlers as it was registered.</summary>
/// <param name="Name">Its name; <see langword="null"/> for the context's own.</param>
/// <param name="IsBroadcast">Whether it runs on every node.</param>
/// <param name="Options">How it runs.</param>
/// <param name="Shapes">What it handles, by relation.</param>
internal sealed record HandlerGroupPlan(
    string? Name, bool IsBroadcast, HandlerGroupOptions Options, IReadOnlyDictionary<string, EventShape> Shapes);
