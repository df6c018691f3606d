namespace FraiseQL.EfCore.State.Keys;

/// <summary>Something that is known by exact bytes.</summary>
internal interface IMemoKey
{
    byte[] Bytes { get; }

    /// <summary><see cref="KeyMemo{TKey}.HashOf"/> of the bytes.</summary>
    int Hash { get; }
}
