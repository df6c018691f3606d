namespace FraiseQL.EfCore.State.Model;

/// <summary>Names of what this library writes into EF models and migrations. They are in users' migration files: never change one.</summary>
internal static class StateAnnotations
{
    public const string Prefix = "FraiseQL:";

    /// <summary>
    /// On a model, and so in the snapshot of a migration: the version of the SQL templates that it was made for. Without it a newer library
    /// would describe the snapshot in its own words, see no difference, and roll out nothing.
    /// </summary>
    public const string TemplateVersion = Prefix + "TemplateVersion";

    /// <summary>On an entity type: its changes are not captured.</summary>
    public const string IgnoreChangeEvents = Prefix + "IgnoreChangeEvents";

    /// <summary>On an entity type: its changes are captured, also in a model that captures only where it was asked to.</summary>
    public const string HasChangeEvents = Prefix + "HasChangeEvents";

    /// <summary>On a model: only entities with <see cref="HasChangeEvents"/> are captured.</summary>
    public const string CaptureOnlyWhereAsked = Prefix + "CaptureOnlyWhereAsked";

    /// <summary>On a model: the application writes the event log itself, and the database has no triggers.</summary>
    public const string WithoutTriggers = Prefix + "WithoutTriggers";

    /// <summary>On an entity type: what the types of its events begin with.</summary>
    public const string EventName = Prefix + "EventName";

    /// <summary>On an entity type, and followed by a kind: the whole type of these of its events.</summary>
    public const string EventNameOf = Prefix + "EventName:";

    /// <summary>On an entity type: a further channel on which its writers ring.</summary>
    public const string Channel = Prefix + "EventChannel";

    /// <summary>On an entity type: updates and deletes hold the whole row before them.</summary>
    public const string PreImage = Prefix + "PreImage";

    /// <summary>On an entity type: an update that changes nothing is an event too.</summary>
    public const string LogUnchanged = Prefix + "LogUnchanged";

    /// <summary>On a property: it is in no event.</summary>
    public const string Exclude = Prefix + "ExcludeFromEvents";

    /// <summary>On a property: events tell that it has changed, and not its value.</summary>
    public const string Redact = Prefix + "RedactInEvents";

    /// <summary>On a property: events always hold its old and its new value.</summary>
    public const string Dependency = Prefix + "EventDependency";

    /// <summary>On an entity type: the profile of cacheable queries that read it.</summary>
    public const string CacheProfile = Prefix + "CacheProfile";

    /// <summary>On an entity type: the time to live of cacheable queries that read it, in ticks.</summary>
    public const string CacheTtl = Prefix + "CacheTtl";

    /// <summary>On an entity type of a materialised view: after which entities' changes it is refreshed, and how soon.</summary>
    public const string RefreshOn = Prefix + "RefreshOn";

    /// <summary>On an entity type: its table is excluded from migrations. EF's runtime model forgets that, this one does not.</summary>
    public const string NotMigrated = Prefix + "NotMigrated";

    /// <summary>On a property: its column has a collation, so two different texts may be equal. EF's runtime model forgets that too.</summary>
    public const string InexactEquality = Prefix + "InexactEquality";

    /// <summary>On a table of the design-time relational model, and in migrations: the content of its capture function.</summary>
    public const string Capture = Prefix + "Capture";

    /// <summary>On the design-time relational model, and in migrations: the version of the event log.</summary>
    public const string EventLog = Prefix + "EventLog";
}
