namespace FraiseQL.EfCore.State;

/// <summary>How what <c>AddWarmup</c> and <c>OnStartup</c> registered is run.</summary>
public sealed class WarmupOptions
{
    /// <summary>How many warm-ups run at the same time. Each has a context, and so perhaps a connection, of its own.</summary>
    /// <value>The default value is 2. From 1 to 64.</value>
    public int Parallelism { get; set; } = 2;

    /// <summary>How long warming may take altogether, the wait for the listener included; what is not done then is given up and reported.</summary>
    /// <value>The default value is 30 seconds. From 100 ms to 1 hour.</value>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether the host's start waits until warming has ended.</summary>
    /// <value>The default value is <see langword="false"/>: it warms in the background.</value>
    public bool BlockStartup { get; set; }

    /// <summary>Whether the application is not ready before warming has ended: see the health check <c>fraiseql:warmup</c> and <see cref="IWarmupStatus.IsReady"/>.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool Required { get; set; }
}
