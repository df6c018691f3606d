using System.Linq.Expressions;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>What a registration says of its handler beside what it handles.</summary>
internal sealed class HandlerSettings
{
    /// <summary>The competing group; <see langword="null"/> for the context's own.</summary>
    public string? Group { get; set; }

    /// <summary>Whether it runs on every node instead of once per cluster.</summary>
    public bool IsBroadcast { get; set; }

    /// <summary>Whether its effect in the database and the note that it happened are committed together.</summary>
    public bool HasInbox { get; set; }

    /// <summary>The name under which the inbox knows it; <see langword="null"/> for that of the registration.</summary>
    public string? InboxName { get; set; }

    /// <summary>All of those of an entity type must be true for its event.</summary>
    public List<(Type EntityType, LambdaExpression Condition)> Conditions { get; } = [];
}
