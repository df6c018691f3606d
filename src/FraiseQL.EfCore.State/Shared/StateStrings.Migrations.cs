namespace FraiseQL.EfCore.State;

internal static partial class StateStrings
{
    public static string UnknownCapture(string annotation) =>
        $"The annotation FraiseQL:Capture of a migration cannot be read: \"{annotation}\". It was edited, or written by a newer version of "
        + "FraiseQL.EfCore.State: upgrade the package, or restore the line that `dotnet ef migrations add` wrote.";

    public static string UnknownTemplate(string version) =>
        $"This version of FraiseQL.EfCore.State does not know the event log {version} of a migration: upgrade the package.";

    private const string MigrationCommands =
        "Run `dotnet ef database update`; if that changes nothing, `dotnet ef migrations add AddChangeEvents` first. "
        + "Both need UseFraiseQLState() in the options of the context that they use, and no package after it that puts services of its own in the "
        + "place of EF's IMigrationsSqlGenerator or IRelationalAnnotationProvider.";

    public const string NoEventLog =
        "The database has no event log (fraiseql.change_event), so changes by other programs cannot be seen. "
        + MigrationCommands;

    public static string CaptureMissing(IReadOnlyCollection<string> relations) =>
        $"Changes of {List(relations)} are not captured: triggers are missing. {MigrationCommands}";

    public static string CaptureOfAnotherModel(IReadOnlyCollection<string> relations) =>
        $"The triggers of {List(relations)} were made from another version of the model. {MigrationCommands}";

    public static string CaptureSuffices(IReadOnlyCollection<string> relations) =>
        $"The triggers of {List(relations)} were made from another version of the model, or by another version of FraiseQL.EfCore.State, and write all that "
        + "this one needs: queries are cached as usual. Replace this node if it is the older one; otherwise roll the triggers out by "
        + "`dotnet ef migrations add` and `dotnet ef database update`.";

    public static string CaptureOfNewerLibrary(IReadOnlyCollection<string> relations) =>
        $"The triggers of {List(relations)} were made by a newer version of FraiseQL.EfCore.State, which this one cannot judge: queries of these tables are not "
        + "cached on this node. Upgrade the package.";

    public static string CaptureAltered(IReadOnlyCollection<string> functions) =>
        $"The functions {List(functions)} are not what the migrations made: somebody has replaced or altered them, so what they write is unknown, and queries "
        + $"of their tables are not cached. {MakeAnew}";

    public static string TriggersAltered(IReadOnlyCollection<string> relations) =>
        $"The triggers of {List(relations)} are not what the migrations made: they fire at another time, not for all rows, or without the rows that they "
        + $"need, so queries of these tables are not cached. {MakeAnew}";

    private const string MakeAnew =
        "In one transaction run DROP FUNCTION fraiseql.\"schema.table\"() CASCADE for each, and its part of `dotnet ef migrations script`, from its newest "
        + "CREATE OR REPLACE FUNCTION to its last CREATE TRIGGER.";

    public static string LogFunctionsAltered(IReadOnlyCollection<string> functions, bool isEssential) =>
        $"The functions {List([.. functions.Select(f => "fraiseql." + f)])} of the event log are missing, or not what the migrations made. "
        + (isEssential ? "The log may lack changes because of them, so nothing is cached. " : "")
        + "Run the part of `dotnet ef migrations script` that begins with \"FraiseQL.EfCore.State, event log\" (migrations-templates/v1/event_log.sql): it may be run "
        + "any number of times, and keeps what is there.";

    public static string CaptureDisabled(IReadOnlyCollection<string> relations) =>
        $"The triggers of {List(relations)} are disabled: run ALTER TABLE … ENABLE TRIGGER USER on each of these tables.";

    public static string PartitionsUncovered(IReadOnlyCollection<string> relations) =>
        $"{List(relations)} have partitions without enabled triggers: writes that name such a partition are not captured. As the owner of the "
        + "tables run SELECT fraiseql.cover_partitions() whenever partitions were added, and ALTER TABLE … ENABLE TRIGGER USER where they were disabled.";

    public static string RowSecurity(IReadOnlyCollection<string> relations) =>
        $"{List(relations)} have row-level security: what one session sees must not be served to another, so their queries are not cached. "
        + "Their changes are captured as usual. To cache them, filter by a query filter with a parameter instead of a policy.";

    public static string ReplicaRoles(IReadOnlyCollection<string> roles) =>
        $"Sessions of {List(roles)} begin with session_replication_role = replica, in which triggers do not fire: what they write is neither captured nor does "
        + "it end cached results. Run ALTER ROLE … [IN DATABASE …] RESET session_replication_role for the role (ALTER DATABASE … for every role).";

    public static string ChannelTooLong(string name) =>
        $"The channel '{name}' of HasChangeEvents is longer than 63 bytes, the most that PostgreSQL takes. Give it a shorter name.";

    public static string NotAnEventProperty(string expression) =>
        $"HasChangeEvents names a property by an expression such as p => p.Email, not {expression}. A property without a member in the class is named by its text.";

    public static string CannotHide(string entity, string property) =>
        $"HasChangeEvents of {entity} excludes or redacts {property}, which is a key, a foreign key or a dependency: events need its value, and it says "
        + "which cached results end. Remove Exclude or Redact of it, or DependsOn, or capture nothing of the entity with IgnoreChangeEvents().";

    public static string CannotDependOn(string entity, string column, string storeType) =>
        $"HasChangeEvents of {entity} has DependsOn for the column {column} of type {storeType}. Only integers, uuid, boolean and text without a "
        + "collation of its own have values that are equal in exactly one way. Remove DependsOn, and call PreImage() to have the column's old value in events.";

    private static string List(IReadOnlyCollection<string> names)
        => string.Join(", ", names.Take(10)) + (names.Count > 10 ? $" and {names.Count - 10} more" : "");
}
