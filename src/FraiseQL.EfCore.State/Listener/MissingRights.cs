using Npgsql;

namespace FraiseQL.EfCore.State.Listener;

/// <summary>Says which GRANT is missing when the database refuses the listener, the handlers or the retention something of the event log.</summary>
internal static class MissingRights
{
    // The server's text may be in any language; the names in it are not. They are looked for in this order.
    private static readonly (string[] Names, string Grant)[] Grants =
    [
        (["prune"], "grant execute on function fraiseql.prune(interval, interval, int) to <role>"),
        (["consumer", "parked", "inbox"], "grant select, insert, update, delete on fraiseql.consumer, fraiseql.parked, fraiseql.inbox to <role>"),
        (["change_event", "retention"], "grant select on fraiseql.change_event, fraiseql.retention to <role>"),
        (["fraiseql"], "grant usage on schema fraiseql to <role>"),
    ];

    /// <summary>The error with the remedy in its message, or the error itself when it is another one.</summary>
    public static Exception Explain(Exception error) => TryExplain(error) is { } message ? new InvalidOperationException(message, error) : error;

    /// <summary>The remedy; <see langword="null"/> when the error is another one.</summary>
    public static string? TryExplain(Exception? error)
        => error is PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } refused
            && Grants.FirstOrDefault(g => g.Names.Any(n => refused.MessageText.Contains(n, StringComparison.Ordinal))).Grant is { } grant
                ? StateStrings.MissingRight(refused.MessageText, grant)
                : null;
}
