namespace FraiseQL.EfCore.State.Model;

/// <summary>A column of a captured table.</summary>
/// <param name="Name">Its name, unquoted.</param>
/// <param name="StoreType">Its type in the database, such as <c>character varying(200)</c>.</param>
/// <param name="ProviderType">The CLR type that goes to the database, after any value converter; never a nullable value type.</param>
internal sealed record CapturedColumn(string Name, string StoreType, Type ProviderType);

/// <summary>A column that identifies the entity of an event, and its name in the event's key.</summary>
/// <param name="Column">The column of the captured table.</param>
/// <param name="KeyName">The key column of the root entity's table: <c>order_lines.order_id</c> is <c>id</c> of the order.</param>
internal sealed record EventKeyColumn(string Column, string KeyName);

/// <summary>A column that is in the events' data only.</summary>
/// <param name="Name">Its name, unquoted.</param>
/// <param name="StoreType">Its type in the database.</param>
internal sealed record DataColumn(string Name, string StoreType);
