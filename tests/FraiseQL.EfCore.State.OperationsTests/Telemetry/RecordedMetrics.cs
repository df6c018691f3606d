using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace FraiseQL.EfCore.State.OperationsTests.Telemetry;

/// <summary>Every measurement of the library's meter in this process, from now on. Other tests' are among them: ask for those of a context or group.</summary>
internal sealed class RecordedMetrics : IDisposable
{
    private readonly MeterListener _listener = new();

    public RecordedMetrics()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == FraiseQLStateDiagnostics.MeterName)
            {
                Instruments[instrument.Name] = instrument;
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    public ConcurrentDictionary<string, Instrument> Instruments { get; } = new();

    public ConcurrentQueue<Measured> All { get; } = new();

    /// <summary>Asks those instruments that are read only when somebody asks.</summary>
    public void Observe() => _listener.RecordObservableInstruments();

    public double Sum(string instrument, params (string Name, string Value)[] tags)
        => All.Where(m => m.Instrument == instrument && tags.All(t => m.Tags.TryGetValue(t.Name, out var value) && Equals(value, t.Value))).Sum(m => m.Value);

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var copy = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, tag) in tags)
        {
            copy[name] = tag;
        }

        All.Enqueue(new Measured(instrument.Name, value, copy));
    }

    internal sealed record Measured(string Instrument, double Value, IReadOnlyDictionary<string, object?> Tags);
}
