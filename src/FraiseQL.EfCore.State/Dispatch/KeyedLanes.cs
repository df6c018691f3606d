using System.Threading.Channels;

namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>
/// Works on deliveries in parallel, those of one key one after the other: a key always goes to the same lane, and a lane has one worker.
/// </summary>
/// <remarks>One producer. Bounded: a full lane makes the producer wait.</remarks>
internal sealed class KeyedLanes<TItem>
    where TItem : ILaneItem
{
    private const int LaneCapacity = 64;

    private readonly Channel<TItem>[] _lanes;
    private readonly Task[] _workers;
    private readonly Func<TItem, CancellationToken, Task> _work;
    private readonly CancellationTokenSource _cancel;
    private readonly TaskCompletionSource _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private TaskCompletionSource? _drained; // set while somebody waits for an empty house
    private int _outstanding;               // queued or in work
    private volatile bool _stopping;

    /// <param name="work">Works on one delivery; an exception ends all lanes.</param>
    /// <param name="cancellationToken">Cancels the work in hand; work not begun is dropped.</param>
    /// <param name="lanes">How many.</param>
    public KeyedLanes(Func<TItem, CancellationToken, Task> work, CancellationToken cancellationToken, int lanes = 8)
    {
        _work = work;
        _lanes = new Channel<TItem>[lanes];
        _workers = new Task[lanes];
        _cancel = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        for (var i = 0; i < lanes; i++)
        {
            var lane = Channel.CreateBounded<TItem>(new BoundedChannelOptions(LaneCapacity) { SingleReader = true, SingleWriter = true });
            _lanes[i] = lane;
            _workers[i] = Task.Run(() => RunAsync(lane.Reader), CancellationToken.None);
        }
    }

    /// <summary>Fails when the work on a delivery threw; never completes otherwise.</summary>
    public Task Failure => _failure.Task;

    public ValueTask EnqueueAsync(TItem item, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _outstanding++;
        }

        var lane = (uint)item.LaneHash % (uint)_lanes.Length;
        return _lanes[lane].Writer.WriteAsync(item, cancellationToken);
    }

    /// <summary>Waits until everything that was enqueued has been worked on.</summary>
    public Task DrainAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_outstanding == 0)
            {
                return Task.CompletedTask;
            }

            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Finishes what is in hand, drops what waits. When the token is cancelled, what is in hand is cancelled too.</summary>
    public async Task StopAsync(CancellationToken impatience)
    {
        _stopping = true;
        foreach (var lane in _lanes)
        {
            lane.Writer.TryComplete();
        }

        using (impatience.UnsafeRegister(static cancel => ((CancellationTokenSource)cancel!).Cancel(), _cancel))
        {
            await Task.WhenAll(_workers).ConfigureAwait(false);
        }

        _cancel.Dispose();
        _ = _failure.Task.Exception; // seen, if anybody cares
    }

    private async Task RunAsync(ChannelReader<TItem> lane)
    {
        await foreach (var delivery in lane.ReadAllAsync().ConfigureAwait(false))
        {
            if (_stopping || _cancel.IsCancellationRequested || _failure.Task.IsCompleted)
            {
                continue;
            }

            try
            {
                await _work(delivery, _cancel.Token).ConfigureAwait(false);
                Worked();
            }
            catch (OperationCanceledException) when (_cancel.IsCancellationRequested)
            {
                // It comes again, here or on another node.
            }
#pragma warning disable CA1031 // passed on to whoever owns the lanes
            catch (Exception error)
#pragma warning restore CA1031
            {
                _failure.TrySetException(error);
            }
        }
    }

    private void Worked()
    {
        lock (_gate)
        {
            if (--_outstanding == 0)
            {
                _drained?.TrySetResult();
                _drained = null;
            }
        }
    }
}
