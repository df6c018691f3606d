namespace FraiseQL.EfCore.State.Benchmarks.Harness;

/// <summary>What is measured of one operation.</summary>
internal enum Metric
{
    /// <summary>Wall time, microseconds.</summary>
    Wall,

    /// <summary>CPU time of this process, all its threads, microseconds. What servers use is not in it.</summary>
    Cpu,

    /// <summary>Allocated bytes of this process, all its threads.</summary>
    Bytes,
}
