namespace FraiseQL.EfCore.State.Cache;

/// <summary>What a shared server says of its memory: the most that it keeps, <see langword="null"/> without a limit, and whether it makes room when full.</summary>
internal readonly record struct SharedLimits(long? MaxBytes, bool Evicts);
