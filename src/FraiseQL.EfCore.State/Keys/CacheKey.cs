using System.Buffers.Text;
using System.Security.Cryptography;

namespace FraiseQL.EfCore.State.Keys;

/// <summary>
/// One query with its parameter values on one database: its exact bytes, its name in HybridCache, and the dependency cells that
/// its rows hang on. Immutable but for <see cref="Place"/>; shared by every execution of the same query.
/// </summary>
internal sealed class CacheKey : IEquatable<CacheKey>, IMemoKey
{
    public CacheKey(byte[] bytes, int hash, int[] cells, ulong[]? columns, int[] pendingCells)
    {
        Bytes = bytes;
        Hash = hash;
        Cells = cells;
        Columns = columns;
        PendingCells = pendingCells;

        // Parameters are chosen by users, so nothing short of a cryptographic hash may stand for them outside of this process.
        Text = Base64Url.EncodeToString(SHA256.HashData(bytes));
    }

    /// <summary>Plan, typed parameter values, database and scope. Never logged.</summary>
    public byte[] Bytes { get; }

    public int Hash { get; }

    /// <summary>The key in HybridCache, both levels.</summary>
    public string Text { get; }

    /// <summary>Where this process's memory has the entry, in its own words; a hint, so whichever thread wrote last is right.</summary>
    public object? Place { get; set; }

    /// <summary>Cells that must not have been bumped since the rows were read.</summary>
    public int[] Cells { get; }

    /// <summary>For each cell the columns that count, as bits; <see langword="null"/> for all. Keys of one plan mostly share it.</summary>
    public ulong[]? Columns { get; }

    /// <summary>Cells of tables with a local write whose old row is not known yet: see <c>FreshnessLedger</c>.</summary>
    public int[] PendingCells { get; }

    /// <summary>Bytes on the heap, its place among the remembered keys included; its name belongs to the entry.</summary>
    public long HeapSize => 72 + 24 + Bytes.Length + 24 + (4L * Cells.Length) + 32;

    public bool Equals(CacheKey? other) => other is not null && (ReferenceEquals(this, other) || Bytes.AsSpan().SequenceEqual(other.Bytes));

    public override bool Equals(object? obj) => Equals(obj as CacheKey);

    public override int GetHashCode() => Hash;
}
