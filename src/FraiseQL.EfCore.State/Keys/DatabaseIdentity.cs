using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using FraiseQL.EfCore.State.Consistency;
using Npgsql;

namespace FraiseQL.EfCore.State.Keys;

/// <summary>
/// Which database a connection string leads to, and what in it can alter an answer. Two connection strings may share one EF service
/// provider and one SQL text; their rows must never mix.
/// </summary>
internal sealed class DatabaseIdentity
{
    private static readonly ConcurrentDictionary<string, DatabaseIdentity> s_known = new(StringComparer.Ordinal);

    private DatabaseIdentity(string domain, string view, string name)
    {
        Domain = domain;
        Name = TokenPart.DatabaseOf(name);
        KeyBytes = SHA256.HashData(Encoding.UTF8.GetBytes(view));
    }

    /// <summary>Host, port and database: what one event log and one set of dependency cells belong to.</summary>
    public string Domain { get; }

    /// <summary>The database's name, as tokens have it.</summary>
    public string Name { get; }

    /// <summary>Digest of the domain and of the role, search path and session options: what else can alter an answer. Part of every key.</summary>
    public byte[] KeyBytes { get; }

    public static DatabaseIdentity Of(string connectionString)
        => s_known.TryGetValue(connectionString, out var known) ? known : Add(connectionString);

    private static DatabaseIdentity Add(string connectionString)
    {
        // Connection strings are few in any sane program; one that makes them up per request must not grow this for ever.
        if (s_known.Count > 10_000)
        {
            s_known.Clear();
        }

        var parts = new NpgsqlConnectionStringBuilder(connectionString);
        var name = parts.Database ?? parts.Username ?? string.Empty;
        var domain = $"{parts.Host?.ToLowerInvariant()}:{parts.Port}/{name}";
        var view = string.Join('\0', domain, parts.Username, parts.SearchPath, parts.Options, parts.Timezone, parts.ClientEncoding, parts.TargetSessionAttributes);
        return s_known.GetOrAdd(connectionString, new DatabaseIdentity(domain, view, name));
    }
}
