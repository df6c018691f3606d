using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.Query;

namespace FraiseQL.EfCore.State.Compiled;

/// <summary>
/// One compiled query with its arguments, on one database and in one scope: exact bytes, and where the entry is that answers it. Immutable.
/// </summary>
internal sealed class TypedKey(byte[] bytes, int hash, QueryPlan plan, Lookup lookup) : IEquatable<TypedKey>, IMemoKey
{
    public byte[] Bytes { get; } = bytes;

    public int Hash { get; } = hash;

    public QueryPlan Plan { get; } = plan;

    public Lookup Lookup { get; } = lookup;

    public bool Equals(TypedKey? other) => other is not null && (ReferenceEquals(this, other) || (Hash == other.Hash && Bytes.AsSpan().SequenceEqual(other.Bytes)));

    public override bool Equals(object? obj) => Equals(obj as TypedKey);

    public override int GetHashCode() => Hash;
}
