namespace FraiseQL.EfCore.State;

internal static partial class StateStrings
{
    public static string ListenerOnStandby(string context) =>
        $"The connection of {context} leads to a standby, where changes cannot be listened to. "
        + "Give the context's connection string the primary, or all servers with Target Session Attributes=primary.";

    public static string MissingRight(string refusal, string grant) =>
        $"The role of the application's connection lacks a right on the event log ({refusal}). As the owner of the schema fraiseql run: {grant}; "
        + "migrations-templates/README.md lists all rights that it needs.";

    public static string ListenerNeedsNpgsql(string context, string type) =>
        $"AddFraiseQLState<{context}>() needs the context's connection to be an NpgsqlConnection, but it is a {type}. "
        + "Call UseNpgsql(connectionString or data source) in the context's options.";

    public static string ContextNotRegistered(string context) =>
        $"AddFraiseQLState<{context}>() was called, but {context} is not registered. "
        + $"Call services.AddDbContext<{context}>(o => o.UseNpgsql(connectionString).UseFraiseQLState()) or AddDbContextPool or AddDbContextFactory.";
}
