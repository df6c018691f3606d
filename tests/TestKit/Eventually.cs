using System.Runtime.CompilerServices;

namespace FraiseQL.EfCore.TestKit;

/// <summary>Awaits what another thread, process or server brings about.</summary>
public static class Eventually
{
    private static readonly TimeSpan Default = TimeSpan.FromSeconds(30);

    /// <summary>Awaits a condition, and fails with <paramref name="state"/> when it does not come true in time (30 seconds).</summary>
    public static Task Until(
        Func<bool> condition, TimeSpan? timeout = null, Func<object?>? state = null, [CallerArgumentExpression(nameof(condition))] string text = "")
        => Until(() => Task.FromResult(condition()), timeout, state, text);

    /// <inheritdoc cref="Until(Func{bool},TimeSpan?,Func{object?}?,string)"/>
    public static async Task Until(
        Func<Task<bool>> condition, TimeSpan? timeout = null, Func<object?>? state = null, [CallerArgumentExpression(nameof(condition))] string text = "")
        => await For(condition, met => met, timeout, state, text);

    /// <summary>Awaits a value that satisfies <paramref name="accept"/> and returns it; exceptions of <paramref name="get"/> count as not yet.</summary>
    public static async Task<T> For<T>(
        Func<Task<T>> get, Func<T, bool> accept, TimeSpan? timeout = null, Func<object?>? state = null,
        [CallerArgumentExpression(nameof(accept))] string text = "")
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Exception? error = null;
            object? last = null;
            try
            {
                var value = await get();
                if (accept(value))
                {
                    return value;
                }

                last = value;
            }
            catch (Exception caught) when (caught is not OutOfMemoryException)
            {
                error = caught;
            }

            var elapsed = TimeProvider.System.GetElapsedTime(start);
            if (elapsed > (timeout ?? Default))
            {
                throw new TimeoutException($"Not met within {elapsed.TotalSeconds:0.0} s: {text}. Last: {state?.Invoke() ?? last}", error);
            }

            await Task.Delay(5);
        }
    }
}
