using System.Buffers;
using FraiseQL.EfCore.State.Cache;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

namespace FraiseQL.EfCore.State.Tests.Cache;

[Feature("S0-cache-is-optimization")]
[Feature("S1.1-l2-latency")]
public sealed class GuardedDistributedCacheTests
{
    private static readonly DistributedCacheEntryOptions Options = new() { AbsoluteExpirationRelativeToNow = TimeSpan.FromMinutes(1) };

    private readonly ScriptedCache _inner = new();
    private readonly FakeTimeProvider _time = new();
    private readonly FakeLogger _logger = new();
    private readonly L2Options _options = new();

    private GuardedDistributedCache Guarded => field ??= new GuardedDistributedCache(_inner, _options, _time, _logger);

    [Fact]
    public async Task A_working_cache_is_read_and_written_under_the_key_prefix()
    {
        await Guarded.SetAsync("a", [1, 2], Options);
        await Guarded.SetAsync("b", Sequence([3], [4, 5]), Options);
        var buffer = new ArrayBufferWriter<byte>();

        Assert.Equal([1, 2], (await Guarded.GetAsync("a"))!);
        Assert.True(await Guarded.TryGetAsync("b", buffer));
        Assert.Equal([3, 4, 5], buffer.WrittenSpan.ToArray());
        Assert.Equal(["fraiseql:a", "fraiseql:b"], _inner.Entries.Keys.Order());

        await Guarded.RemoveAsync("a");
        Assert.Null(await Guarded.GetAsync("a"));
        Assert.False(await Guarded.TryGetAsync("a", buffer));
        Assert.Equal(0, Guarded.Failures);
    }

    [Fact]
    public void The_synchronous_forms_do_the_same()
    {
        var buffer = new ArrayBufferWriter<byte>();
        Guarded.Set("a", [1], Options);
        Guarded.Set("b", Sequence([3], [4]), Options);
        Guarded.Refresh("a");

        Assert.Equal([1], Guarded.Get("a")!);
        Assert.True(Guarded.TryGet("b", buffer));
        Assert.Equal([3, 4], buffer.WrittenSpan.ToArray());
        Guarded.Remove("a");
        Assert.Null(Guarded.Get("a"));
    }

    [Fact]
    public async Task A_failure_is_a_miss_or_a_dropped_write_and_never_an_exception()
    {
        _inner.Before = () => throw new InvalidOperationException("secret-key");
        var buffer = new ArrayBufferWriter<byte>();

        Assert.Null(await Guarded.GetAsync("a"));
        Assert.Null(Guarded.Get("a"));
        Assert.False(Guarded.TryGet("a", buffer));
        Assert.False(await Guarded.TryGetAsync("a", buffer));
        await Guarded.SetAsync("a", [1], Options);
        await Guarded.SetAsync("a", Sequence([1], [2]), Options);
        await Guarded.RefreshAsync("a");
        await Guarded.RemoveAsync("a");
        Guarded.Set("a", [1], Options);
        Guarded.Refresh("a");
        Guarded.Remove("a");

        Assert.Equal(0, buffer.WrittenCount);
        Assert.Equal(11, Guarded.Failures + Guarded.Skipped);
    }

    [Fact]
    public async Task A_failing_server_is_left_alone_for_the_break_and_then_tried_once()
    {
        _inner.Before = () => throw new InvalidOperationException();
        await Guarded.GetAsync("a");
        await Guarded.GetAsync("a");
        Assert.True(Guarded.IsOpen);

        var calls = _inner.Calls;
        for (var i = 0; i < 100; i++)
        {
            Assert.Null(await Guarded.GetAsync("a"));
        }

        Assert.Equal(calls, _inner.Calls);
        Assert.Equal(100, Guarded.Skipped);

        _time.Advance(_options.BreakDuration + TimeSpan.FromMilliseconds(1));
        Assert.Null(await Guarded.GetAsync("a"));
        Assert.Null(await Guarded.GetAsync("a"));
        Assert.Equal(calls + 1, _inner.Calls);

        _inner.Before = () => Task.CompletedTask;
        _inner.Entries["fraiseql:a"] = [7];
        _time.Advance(_options.BreakDuration + TimeSpan.FromMilliseconds(1));
        Assert.Equal([7], (await Guarded.GetAsync("a"))!);
        Assert.False(Guarded.IsOpen);
    }

    [Fact]
    public async Task An_outage_is_logged_once_and_names_neither_keys_nor_messages()
    {
        _inner.Before = () => throw new InvalidOperationException("secret-message");
        for (var i = 0; i < 50; i++)
        {
            await Guarded.GetAsync("secret-key");
        }

        var records = _logger.Collector.GetSnapshot();
        Assert.Single(records, record => record.Id.Id == 1100);
        Assert.All(records, record => Assert.DoesNotContain("secret", record.Message + record.Exception, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_hanging_server_costs_the_budget_and_its_late_answer_changes_nothing()
    {
        var hang = new TaskCompletionSource();
        _inner.Before = () => hang.Task;
        _inner.Entries["fraiseql:a"] = [9];
        var buffer = new ArrayBufferWriter<byte>();
        var value = new byte[] { 1, 2, 3 };

        var read = Guarded.TryGetAsync("a", buffer).AsTask();
        var write = Guarded.SetAsync("b", new ReadOnlySequence<byte>(value), Options).AsTask();
        Assert.False(read.IsCompleted);
        _time.Advance(_options.Timeout);

        Assert.False(await read);
        await write;
        Assert.Equal(2, Guarded.Timeouts);
        Assert.True(Guarded.IsOpen);

        // The caller reuses its buffer, then the abandoned write arrives: it must hold what was given, not what is there now.
        Array.Clear(value);
        hang.SetResult();
        await Eventually.Until(() => _inner.Entries.ContainsKey("fraiseql:b"));
        Assert.Equal([1, 2, 3], _inner.Entries["fraiseql:b"]);
        Assert.Equal(0, buffer.WrittenCount);
    }

    [Fact]
    public void A_hanging_server_does_not_hold_a_synchronous_caller()
    {
        _inner.Before = () => new TaskCompletionSource().Task;
        Assert.Null(Guarded.Get("a"));
        Assert.Equal(1, Guarded.Timeouts);
    }

    [Fact]
    public async Task Only_the_cancellation_of_the_caller_is_thrown_and_it_does_not_count_against_the_server()
    {
        _inner.Before = () => new TaskCompletionSource().Task;
        using var cancel = new CancellationTokenSource();
        var reads = Enumerable.Range(0, 10).Select(_ => Guarded.GetAsync("a", cancel.Token)).ToArray();
        await cancel.CancelAsync();

        foreach (var read in reads)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        }

        Assert.False(Guarded.IsOpen);
        Assert.Equal(0, Guarded.Failures);
    }

    private static ReadOnlySequence<byte> Sequence(byte[] first, byte[] second)
    {
        var start = new Segment(first, 0);
        var end = new Segment(second, first.Length);
        start.Append(end);
        return new ReadOnlySequence<byte>(start, 0, end, second.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, long index)
        {
            Memory = bytes;
            RunningIndex = index;
        }

        public void Append(Segment next) => Next = next;
    }
}
