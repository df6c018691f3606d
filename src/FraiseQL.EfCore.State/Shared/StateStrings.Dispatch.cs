namespace FraiseQL.EfCore.State;

internal static partial class StateStrings
{
    public const string ParkedBehind = "An earlier event of this entity is parked.";

    public static string NoHandlerInterface(string handler) =>
        $"AddHandler<{handler}>(): {handler} implements no IChangeHandler<TEntity>. Implement it for each entity type that {handler} handles.";

    public static string HandlerOfUnknownEntity(string handler, string entity, string context) =>
        $"{handler} handles {entity}, which is not an entity type of its own in the model of {context}. "
        + $"Add it to the model (DbSet<{entity}> or modelBuilder.Entity<{entity}>()), register the handler with the AddFraiseQLState of the "
        + "context that has it, or handle the type that owns it.";

    public static string HandlerOfDerivedEntity(string handler, string entity, string root) =>
        $"{handler} handles {entity}, which derives from {root}: events are named after the root of a hierarchy. Handle {root}, and look at the "
        + "type of change.Entity.";

    public static string HandlerOfUncapturedEntity(string handler, string entity, string context) =>
        $"{handler} handles {entity}, whose changes are not captured in {context}: it has no table with a primary key, or IgnoreChangeEvents() or "
        + "ExcludeFromMigrations() turns its capture off. Remove that call and run 'dotnet ef migrations add', or remove the handler.";

    public static string UnknownEventType(string type, string entity, IEnumerable<string> nearest, string? owner) =>
        $"OnEvent<{entity}>(\"{type}\"): {entity} has no such event. Its events are {string.Join(", ", nearest)}."
        + (owner is null ? "" : $" {type} is an event of {owner}: use OnEvent<{owner}>.");

    public static string CannotMaterialise(string entity, string property, string column) =>
        $"{entity}.{property} cannot be made from the event: the logged form of column {column} cannot be read. "
        + "Use change.Payload instead of change.Entity, or read the row from the database.";

    public static string NoHandlerInGroup(string group) =>
        group.Length == 0
            ? "ConfigureHandlers(null, …): no handler is in the context's own group. Register one without Competing(…), or remove the call."
            : $"ConfigureHandlers(\"{group}\", …): no handler is in that group. Register one with Competing(\"{group}\"), or remove the call.";

    public static string InboxOfBroadcast(string handler) =>
        $"{handler} has Broadcast() and WithInbox(): the inbox is one for the cluster, so that all nodes but one would skip the event. Remove one of the two.";

    public static string InboxNameTwice(string name) =>
        $"Two handlers of one entity and group have the inbox name \"{name}\": the second would take the first's events for its own and skip them. "
        + "Give one of them another name: WithInbox(\"name\").";

    public static string NotAPosition(string setting) =>
        $"{setting} is not a position. Take the text of ChangeFeedItem.Position as it is.";

    public const string InboxOutsideGroup =
        "AlreadyProcessedAsync() and MarkProcessedAsync() keep their notes once for the cluster, and a handler with Broadcast() runs on every node. "
        + "Remove Broadcast(), or the call.";
}
