namespace FraiseQL.EfCore.State;

public static partial class FraiseQLStateEventId
{
    /// <summary>The configuration has changed, and applies from now on; the message names the keys.</summary>
    public const int ConfigurationReloaded = 9000;

    /// <summary>The configuration has changed to something wrong; everything stays as it was (error).</summary>
    public const int ConfigurationRefused = 9001;

    /// <summary>The configuration has changed in keys that apply at the next start only; the message names them (warning).</summary>
    public const int ConfigurationNeedsRestart = 9002;

    /// <summary><c>Cache:Invalidation:Strategy</c> lets changes pass unseen (warning).</summary>
    public const int InvalidationRelaxed = 9003;

    /// <summary>The section that <c>AddFraiseQLState</c> was given does not exist; the defaults apply.</summary>
    public const int SectionMissing = 9004;
}
