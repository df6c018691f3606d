namespace FraiseQL.EfCore.State.Model;

/// <summary>Names of what this library writes into EF models and migrations. They are in users' migration files: never change one.</summary>
internal static class StateAnnotations
{
    public const string Prefix = "FraiseQL:";

    /// <summary>On an entity type: its changes are not captured.</summary>
    public const string IgnoreChangeEvents = Prefix + "IgnoreChangeEvents";

    /// <summary>On an entity type: the profile of cacheable queries that read it.</summary>
    public const string CacheProfile = Prefix + "CacheProfile";

    /// <summary>On an entity type: the time to live of cacheable queries that read it, in ticks.</summary>
    public const string CacheTtl = Prefix + "CacheTtl";

    /// <summary>On an entity type: its table is excluded from migrations. EF's runtime model forgets that, this one does not.</summary>
    public const string NotMigrated = Prefix + "NotMigrated";

    /// <summary>On a property: its column has a collation, so two different texts may be equal. EF's runtime model forgets that too.</summary>
    public const string InexactEquality = Prefix + "InexactEquality";

    /// <summary>On a table of the design-time relational model, and in migrations: the content of its capture function.</summary>
    public const string Capture = Prefix + "Capture";

    /// <summary>On the design-time relational model, and in migrations: the version of the event log.</summary>
    public const string EventLog = Prefix + "EventLog";
}
