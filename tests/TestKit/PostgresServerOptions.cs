namespace FraiseQL.EfCore.TestKit;

/// <summary>How a PostgreSQL server of a test is configured.</summary>
public sealed class PostgresServerOptions
{
    public PostgresRelease Release { get; init; }

    /// <summary>Whether commits reach the disk (fsync). Off by default: tests are quicker, and a crash of the process loses nothing.</summary>
    public bool Durable { get; init; }

    /// <summary>Further settings, such as <c>max_prepared_transactions=10</c>.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    internal IEnumerable<string> AllSettings() =>
    [
        $"fsync={(Durable ? "on" : "off")}",
        $"full_page_writes={(Durable ? "on" : "off")}",
        "wal_level=logical",
        "max_connections=200",
        "max_prepared_transactions=20",
        "shared_buffers=64MB",
        .. Settings,
    ];
}
