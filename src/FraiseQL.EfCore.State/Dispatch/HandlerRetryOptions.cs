namespace FraiseQL.EfCore.State;

/// <summary>How a handler that fails is tried again before its event is parked.</summary>
/// <remarks>Settable until the host starts; read-only afterwards.</remarks>
public sealed class HandlerRetryOptions
{
    /// <summary>How often a handler is tried before its event, and the later ones of that entity, are parked.</summary>
    /// <value>The default value is 5. From 1 to 1000.</value>
    public int Attempts { get; set; } = 5;

    /// <summary>How the pause grows from attempt to attempt.</summary>
    /// <value>The default value is <see cref="RetryBackoff.Exponential"/>.</value>
    public RetryBackoff Backoff { get; set; } = RetryBackoff.Exponential;

    /// <summary>The pause before the second attempt.</summary>
    /// <value>The default value is 200 ms. From 1 ms to <see cref="MaxDelay"/>.</value>
    public TimeSpan MinDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest pause.</summary>
    /// <value>The default value is 30 seconds. At most 1 hour.</value>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether pauses are scattered by chance, so that what failed together is not tried again together.</summary>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool Jitter { get; set; } = true;
}
