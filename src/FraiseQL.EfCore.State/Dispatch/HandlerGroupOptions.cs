namespace FraiseQL.EfCore.State;

/// <summary>How one group of handlers runs: given to <c>ConfigureHandlers("group", o => …)</c>.</summary>
/// <remarks>Settable while services are registered; read-only afterwards.</remarks>
public sealed class HandlerGroupOptions
{
    /// <summary>
    /// Whether a group that the database does not know yet begins with the oldest event in the log. It changes nothing for a group that has a
    /// position.
    /// </summary>
    /// <value>The default value is <see langword="false"/>: it begins with what is committed after its first start.</value>
    public bool StartAtBeginning { get; set; }

    /// <summary>
    /// The position after which a group begins that the database does not know yet: a <see cref="ChangeFeedItem{TEntity}.Position"/>. It
    /// changes nothing for a group that has a position.
    /// </summary>
    /// <value>The default value is <see langword="null"/>.</value>
    public string? StartAfter { get; set; }

    /// <summary>How many entities are worked on beside each other.</summary>
    /// <value>The default value is 8. From 1 to 256.</value>
    public int Lanes { get; set; } = 8;

    /// <summary>How handlers that fail are tried again.</summary>
    /// <value>The default value is <see langword="null"/>: <see cref="CdcOptions.Retry"/>.</value>
    public HandlerRetryOptions? Retry { get; set; }
}
