namespace FraiseQL.EfCore.State;

/// <summary>What the dashboard shows and allows: <c>app.MapFraiseQLState("/fraiseql", o => …)</c>.</summary>
/// <remarks>Read when the dashboard is mapped.</remarks>
public sealed class FraiseQLStateDashboardOptions
{
    /// <summary>
    /// Whether live changes are shown with the entity's key and the row as it was captured, and dead letters with the text of their error, which may
    /// quote the row. Whoever may see the page sees the data then.
    /// </summary>
    /// <value>The default value is <see langword="false"/>: entity, kind, time and number of each event, and the type of each error.</value>
    public bool ShowPayloads { get; set; }

    /// <summary>Whether the page may invalidate, pause, resume, retry and skip. Without it the page only shows.</summary>
    /// <value>The default value is <see langword="true"/>.</value>
    public bool AllowActions { get; set; } = true;
}
