namespace FraiseQL.EfCore.State;

/// <summary>The form of an event as JSON text.</summary>
public enum EventFormat
{
    /// <summary>This library's own: <c>id</c>, <c>type</c>, <c>entity_type</c>, <c>entity_id</c>, <c>timestamp</c>, <c>payload</c>, <c>changes</c>.</summary>
    FraiseQL,

    /// <summary>Debezium's envelope without a schema: <c>before</c>, <c>after</c>, <c>source</c>, <c>op</c>, <c>ts_ms</c>.</summary>
    Debezium,

    /// <summary>CloudEvents 1.0, JSON format, structured mode; the row is its <c>data</c>.</summary>
    CloudEvents,
}
