namespace FraiseQL.EfCore.State;

internal static partial class StateStrings
{
    public static string NotAProperty(string expression) =>
        $"{expression} is not a property of the entity. Changed, ChangedTo and ChangedFrom take one property: p => p.Status.";

    public static string PropertyNotCaptured(string entity, string property) =>
        $"The events of {entity} cannot tell whether {property} changed: it has no captured column of its own in the entity's main table. "
        + "Ask for a mapped, captured property.";

    public static string ValueNotCaptured(string property, string column) =>
        $"The event does not have the value of {property} (column {column}) that the condition asks for. Capture it with HasChangeEvents() and run "
        + "'dotnet ef migrations add', or ask for something else.";

    public static string ConditionOnUncaptured(string handler, string method, string entity, string property) =>
        $"{handler}: the condition {method}(p => p.{property}) can never be answered, because the events of {entity} do not have that property. It has "
        + "no column of its own in the entity's main table, or HasChangeEvents() leaves it out. Ask for a captured property.";

    public static string ConditionWithoutOldValue(string handler, string entity, string property) =>
        $"{handler}: the condition ChangedFrom(p => p.{property}) can never be answered, because the old value of {property} is not captured. In the "
        + $"model call modelBuilder.Entity<{entity}>().HasChangeEvents(e => e.DependsOn(p => p.{property})) or HasChangeEvents(e => e.PreImage()), and run "
        + "'dotnet ef migrations add'.";
}
