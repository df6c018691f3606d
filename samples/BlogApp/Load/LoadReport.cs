namespace BlogApp.Load;

/// <summary>What a run of reads has shown, with and without the cache.</summary>
/// <param name="Bounds">Upper bounds of the histograms' columns, in milliseconds; the last column has none.</param>
/// <param name="Cached">The reads that were marked <c>.Cacheable()</c>.</param>
/// <param name="Database">The same reads, of the database.</param>
public sealed record LoadReport(IReadOnlyList<double> Bounds, LoadSide Cached, LoadSide Database);

/// <summary>One side of a run.</summary>
/// <param name="Reads">How many.</param>
/// <param name="FromMemory">How many of them this node's memory answered.</param>
/// <param name="FromShared">How many of them Redis answered.</param>
/// <param name="Median">Time that half of them took at most, in milliseconds.</param>
/// <param name="P99">Time that 99 of 100 took at most, in milliseconds.</param>
/// <param name="Mean">Mean time, in milliseconds.</param>
/// <param name="Histogram">How many took a time up to each bound and above the one before.</param>
public sealed record LoadSide(int Reads, int FromMemory, int FromShared, double Median, double P99, double Mean, IReadOnlyList<int> Histogram);

/// <summary>What a visitor asks for.</summary>
public sealed record LoadInput(int? Reads);
