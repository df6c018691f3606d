using System.Collections.Concurrent;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// Runs calls that may block on threads of its own, and waits for each no longer than its budget. Threads are started as they are needed and
/// end when they have had nothing to do for a while.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class BlockingCalls
{
    private const int MostThreads = 64;
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(10);

    private readonly BlockingCollection<Action> _calls = [];
    private int _threads;

    // Idle threads less the calls that are queued for one.
    private int _free;

    /// <exception cref="TimeoutException">The call did not end in time. It goes on.</exception>
    /// <exception cref="AggregateException">The call threw.</exception>
    public T Run<T>(Func<T> call, TimeSpan timeout)
    {
        var done = new TaskCompletionSource<T>();
        Hand(() =>
        {
            try
            {
                done.SetResult(call());
            }
#pragma warning disable CA1031 // Handed to the caller, if it still waits.
            catch (Exception error)
#pragma warning restore CA1031
            {
                done.SetException(error);
                _ = done.Task.Exception;
            }
        });

        // Completed by a thread of ours: waiting needs none of the pool's.
        return done.Task.Wait(timeout) ? done.Task.Result : throw new TimeoutException();
    }

    private void Hand(Action call)
    {
        if (Interlocked.Decrement(ref _free) >= 0)
        {
            _calls.Add(call);
        }
        else if (Interlocked.Increment(ref _threads) <= MostThreads)
        {
            Interlocked.Increment(ref _free);
            new Thread(() => Work(call), maxStackSize: 256 * 1024) { IsBackground = true, Name = "FraiseQL shared cache" }.Start();
        }
        else
        {
            Interlocked.Decrement(ref _threads);
            _calls.Add(call);
        }
    }

    private void Work(Action? call)
    {
        while (true)
        {
            call!();
            Interlocked.Increment(ref _free);
            while (!_calls.TryTake(out call, s_idle))
            {
                if (Interlocked.Decrement(ref _free) >= 0)
                {
                    Interlocked.Decrement(ref _threads);
                    return;
                }

                // A call was queued for this thread when it had almost gone.
                Interlocked.Increment(ref _free);
            }
        }
    }
}
