namespace FraiseQL.EfCore.TestKit;

/// <summary>A door in the code under test: the code arrives and waits, the test sees it waiting, and opens. Thread-safe.</summary>
public sealed class Gate
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when somebody waits at the gate; fails after 30 seconds.</summary>
    public Task Arrived => _arrived.Task.WaitAsync(Limit);

    /// <summary>For the code under test: says that it is here, and waits until the gate is open; fails after 30 seconds.</summary>
    public Task PassAsync()
    {
        _arrived.TrySetResult();
        return _opened.Task.WaitAsync(Limit);
    }

    /// <summary>For synchronous code under test.</summary>
    public void Pass()
    {
        _arrived.TrySetResult();
        if (!_opened.Task.Wait(Limit))
        {
            throw new TimeoutException("Nobody opened the gate.");
        }
    }

    public void Open() => _opened.TrySetResult();
}
