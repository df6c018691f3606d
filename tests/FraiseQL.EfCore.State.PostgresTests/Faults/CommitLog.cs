using System.Diagnostics;
using System.IO.MemoryMappedFiles;

namespace FraiseQL.EfCore.State.PostgresTests.Faults;

/// <summary>
/// What is known to be committed, and since when, in memory that processes share: per row the moment when somebody knew of each version. It judges
/// reads by the machine's monotonic clock, which all processes have in common and which goes on while one of them stands still.
/// </summary>
internal sealed class CommitLog : IDisposable
{
    public const int Rows = 12;

    private const int Versions = 1 << 16;
    private const int Slots = 8;
    private const int Fields = 8;
    private const long Header = 64 + (Slots * Fields * 8) + (Rows * 8);

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _memory;

    private CommitLog(MemoryMappedFile file)
    {
        _file = file;
        _memory = file.CreateViewAccessor();
    }

    public static CommitLog Create(string path) => new(MemoryMappedFile.CreateFromFile(path, FileMode.CreateNew, null, Header + (8L * Rows * Versions)));

    public static CommitLog Open(string path) => new(MemoryMappedFile.CreateFromFile(path, FileMode.Open));

    /// <summary>Whether writers have stopped, and every node is to answer what <see cref="Final"/> says.</summary>
    public bool IsAtRest
    {
        get => _memory.ReadInt64(0) != 0;
        set => _memory.Write(0, value ? 1L : 0L);
    }

    public Counters Of(int slot) => new(_memory, 64 + (slot * Fields * 8L));

    public long Final(int row) => _memory.ReadInt64(64 + (Slots * Fields * 8L) + ((row - 1) * 8L));

    public void SetFinal(int row, long version) => _memory.Write(64 + (Slots * Fields * 8L) + ((row - 1) * 8L), version);

    /// <summary>A version is known to be committed, and with it all before it.</summary>
    public void Acknowledge(int row, int version)
    {
        var now = Stopwatch.GetTimestamp();
        for (var v = version; v > 0 && _memory.ReadInt64(At(row, v)) == 0; v--)
        {
            _memory.Write(At(row, v), now);
        }
    }

    /// <summary>Whether the row was at least at this version, as far as anybody knows, at some moment after the given one.</summary>
    public bool WasCurrent(int row, int version, long since) => _memory.ReadInt64(At(row, version + 1)) is var next && (next == 0 || next >= since);

    /// <summary>By how much a read that began then was older than allowed: since when its successor had been known.</summary>
    public TimeSpan AgeOf(int row, int version, long readAt)
        => _memory.ReadInt64(At(row, version + 1)) is var next and not 0 && next < readAt ? Stopwatch.GetElapsedTime(next, readAt) : TimeSpan.Zero;

    public void Dispose()
    {
        _memory.Dispose();
        _file.Dispose();
    }

    private static long At(int row, int version) => Header + (8L * (((row - 1) * Versions) + Math.Min(version, Versions - 1)));

    /// <summary>What a node says of itself.</summary>
    internal sealed class Counters(MemoryMappedViewAccessor memory, long at)
    {
        public long Reads { get => memory.ReadInt64(at); set => memory.Write(at, value); }

        public long Hits { get => memory.ReadInt64(at + 8); set => memory.Write(at + 8, value); }

        public long SharedHits { get => memory.ReadInt64(at + 16); set => memory.Write(at + 16, value); }

        public long Errors { get => memory.ReadInt64(at + 24); set => memory.Write(at + 24, value); }

        public long Violations { get => memory.ReadInt64(at + 32); set => memory.Write(at + 32, value); }

        /// <summary>When the last hit began that gave the newest version.</summary>
        public long FreshHitAt { get => memory.ReadInt64(at + 40); set => memory.Write(at + 40, value); }

        /// <summary>How often in a row all answers were final ones.</summary>
        public long AtRest { get => memory.ReadInt64(at + 48); set => memory.Write(at + 48, value); }

        public long Writes { get => memory.ReadInt64(at + 56); set => memory.Write(at + 56, value); }
    }
}
