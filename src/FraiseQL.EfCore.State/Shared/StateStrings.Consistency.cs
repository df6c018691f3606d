namespace FraiseQL.EfCore.State;

internal static partial class StateStrings
{
    public const string NotAToken =
        "The text is not a consistency token, or it was damaged on its way. Pass what ConsistencyToken.ToString() gave, whole; "
        + "to go on without, use ConsistencyToken.TryParse and read with .Cacheable(o => o.Strict()).";

    public const string TokenInTransaction =
        "A consistency token says what is committed, and this context has a transaction open: commit it first, then call GetConsistencyTokenAsync().";

    public const string TokenOnStandby =
        "The connection leads to a standby, which does not know what is committed on the primary. Take consistency tokens where the write was made.";

    public const string IsolationNotSupported =
        "Consistency:Isolation must be ReadCommitted, RepeatableRead or Serializable. Leave it out for the default of the database, which is READ COMMITTED.";

    public static string StrictWithoutListener(string levelKey, string listenerKey) =>
        $"{levelKey} is Strict, but {listenerKey} is off: without a listener no hit can be proven, and every query would read the database. "
        + $"Switch {listenerKey} on, or leave {levelKey} at ReadYourWrites.";

    public const string UntilExpiredWithLevel =
        "UntilExpired() ends a result by its time alone, so Strict() and BoundedStaleness(…) have nothing to look at. Remove one of them.";

    public static string TokenNeedsUseFraiseQLState(string context) =>
        $"{context} has no consistency to ask for: call optionsBuilder.UseFraiseQLState() where it is configured, beside UseNpgsql(…).";

    public static string NoStalenessBound(string key) =>
        $"{key} is BoundedStaleness, but nothing says how old an answer may be. Set Consistency:MaxStaleness, MaxStaleness of the profile, or "
        + "call .Cacheable(o => o.BoundedStaleness(bound)).";

    public static string StalenessWithoutLevel(string key, ConsistencyLevel level) =>
        $"{key}:MaxStaleness is set, but {key}:Consistency is {level}, which serves nothing stale. Remove one of them.";

    public static string StalenessTooShort(TimeSpan bound, TimeSpan least) =>
        $"A staleness of {bound} cannot be kept: the node hears from the database every Cdc:IdlePollInterval, so the bound must be at least twice that ({least}). "
        + "Raise MaxStaleness, lower Cdc:IdlePollInterval, or use .Cacheable(o => o.Strict()).";
}
