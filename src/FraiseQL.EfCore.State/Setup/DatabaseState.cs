using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.Model;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>One database as this process sees it: its identity, and what is known of its changes.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class DatabaseState(DatabaseIdentity identity, FreshnessLedger ledger, CatalogHolder catalog)
{
    // One reference, so that whoever reads it gets both.
    private volatile Tuple<string, string>? _server;

    public DatabaseIdentity Identity { get; } = identity;

    /// <summary>Shared by all connection strings that lead to the same database.</summary>
    public FreshnessLedger Ledger { get; } = ledger;

    /// <summary>What the server's catalog said when it was last read; <see langword="null"/> before.</summary>
    public DatabaseCatalog? Catalog => catalog.Value;

    /// <summary>Whether the event log was seen there; it does not go away.</summary>
    public bool HasLog { get; set; }

    /// <summary>The server, by the moment when it was started; <see langword="null"/> until a token was asked for.</summary>
    public (string Started, string System)? Server
    {
        get => _server is { } known ? (known.Item1, known.Item2) : null;
        set => _server = value is { } read ? Tuple.Create(read.Started, read.System) : null;
    }

    /// <summary>Whether this connection string's role was seen to be allowed to announce invalidations.</summary>
    public bool CanInvalidate { get; set; }

    /// <summary>Whether the caller is to read the catalog now; nobody else does until <see cref="EndCatalog"/>.</summary>
    public bool TryBeginCatalog() => catalog.TryBegin();

    public void EndCatalog() => catalog.End();

    /// <summary>Keeps what a query without a listener has read for itself.</summary>
    public void CatalogRead(DatabaseCatalog read) => catalog.Value = read;
}

/// <summary>Shared by all connection strings that lead to the same database.</summary>
internal sealed class CatalogHolder
{
    private volatile DatabaseCatalog? _value;
    private bool _isReading;

    public DatabaseCatalog? Value
    {
        get => _value;
        set => _value = value;
    }

    public bool TryBegin() => !Interlocked.Exchange(ref _isReading, true);

    public void End() => Volatile.Write(ref _isReading, false);
}
