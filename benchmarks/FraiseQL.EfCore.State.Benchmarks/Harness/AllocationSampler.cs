using System.Collections.Concurrent;
using System.Diagnostics.Tracing;

namespace FraiseQL.EfCore.State.Benchmarks.Harness;

/// <summary>Counts by type what the runtime allocates, from the event that it raises about every 100 kB.</summary>
internal sealed class AllocationSampler : EventListener
{
    private readonly ConcurrentDictionary<string, long> _bytes = new();

    public bool IsOn { get; set; }

    public IReadOnlyDictionary<string, long> Bytes => _bytes;

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Microsoft-Windows-DotNETRuntime")
        {
            const EventKeywords Gc = (EventKeywords)1;
            EnableEvents(eventSource, EventLevel.Verbose, Gc);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (IsOn && eventData.EventName?.StartsWith("GCAllocationTick", StringComparison.Ordinal) == true)
        {
            var type = (string)eventData.Payload![eventData.PayloadNames!.IndexOf("TypeName")]!;
            var bytes = Convert.ToInt64(eventData.Payload[eventData.PayloadNames.IndexOf("AllocationAmount64")], null);
            _bytes.AddOrUpdate(type, bytes, (_, before) => before + bytes);
        }
    }
}
