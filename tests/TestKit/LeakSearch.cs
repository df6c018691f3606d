using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Xunit;

namespace FraiseQL.EfCore.TestKit;

/// <summary>
/// Searches what a meter and an activity source of one name tell, and the logs and health reports that are given to it, for <see cref="PlantedValues"/>.
/// Thread-safe; what it finds waits for <see cref="AssertNothingFound"/>.
/// </summary>
public sealed class LeakSearch(string source) : IDisposable
{
    // Nearly all texts come from small sets, so that each is searched once. Beyond that many they are not: they are searched every time.
    private const int MostKnown = 10_000;

    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _found = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private MeterListener? _meters;
    private ActivityListener? _activities;

    /// <summary>That of the whole run: see <see cref="SearchLeaksAttribute"/>.</summary>
    public static LeakSearch OfTheRun { get; } = new("FraiseQL.EfCore.State");

    /// <summary>Listens from now on.</summary>
    public void Listen()
    {
        lock (_gate)
        {
            if (_meters is not null)
            {
                return;
            }

            _activities = new ActivityListener
            {
                ShouldListenTo = asked => asked.Name == source,
                Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStopped = Search,
            };
            ActivitySource.AddActivityListener(_activities);
            _meters = new MeterListener
            {
                InstrumentPublished = (instrument, listener) =>
                {
                    if (instrument.Meter.Name == source)
                    {
                        Search(instrument);
                        listener.EnableMeasurementEvents(instrument);
                    }
                },
            };
            _meters.SetMeasurementEventCallback<long>((instrument, _, tags, _) => Search(instrument, tags));
            _meters.SetMeasurementEventCallback<int>((instrument, _, tags, _) => Search(instrument, tags));
            _meters.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Search(instrument, tags));
            _meters.Start();
        }
    }

    /// <summary>Listens no longer: nothing that happens now costs more than without a listener.</summary>
    public void Pause()
    {
        lock (_gate)
        {
            _meters?.Dispose();
            _activities?.Dispose();
            (_meters, _activities) = (null, null);
        }
    }

    public void Dispose() => Pause();

    /// <summary>Searches a health report.</summary>
    public void Search(HealthReport report)
    {
        foreach (var (name, entry) in report.Entries)
        {
            Search("a health report", "the name", name);
            Search(name, "the description", entry.Description);
            Search(name, "the exception", entry.Exception?.ToString());
            foreach (var (key, value) in entry.Data)
            {
                Search(name, "the name of data", key);
                Search(name, key, value);
            }

            foreach (var tag in entry.Tags)
            {
                Search(name, "a tag", tag);
            }
        }
    }

    /// <summary>Searches one text: <paramref name="part"/> of <paramref name="where"/>.</summary>
    public void Search(string where, string part, object? value)
    {
        switch (value)
        {
            case null or bool or int or long or double:
                return;
            case not string and System.Collections.IEnumerable values:
                foreach (var item in values)
                {
                    Search(where, part, item);
                }

                return;
        }

        var text = value as string ?? Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        if (!_known.TryGetValue(text, out var isLeak))
        {
            isLeak = PlantedValues.AreIn(text);
            if (_known.Count < MostKnown)
            {
                _known[text] = isLeak;
            }
        }

        if (isLeak)
        {
            _found[$"{part} of {where}: {text}"] = true;
        }
    }

    /// <summary>Fails if anything was found since it was asked last.</summary>
    public void AssertNothingFound()
    {
        lock (_gate)
        {
            _meters?.RecordObservableInstruments();
        }

        string[] found = [.. _found.Keys.Where(text => _found.TryRemove(text, out _))];
        Assert.True(found.Length == 0, $"A value is told, by this test or one beside it. {string.Join('\n', found)}");
    }

    private void Search(Instrument instrument)
    {
        Search("an instrument", "the name", instrument.Name);
        Search(instrument.Name, "the description", instrument.Description);
        Search(instrument.Name, "the unit", instrument.Unit);
        foreach (var (name, value) in (instrument.Meter.Tags ?? []).Concat(instrument.Tags ?? []))
        {
            Search(instrument.Name, "the name of a tag", name);
            Search(instrument.Name, name, value);
        }
    }

    private void Search(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var (name, value) in tags)
        {
            Search(instrument.Name, "the name of a tag", name);
            Search(instrument.Name, name, value);
        }
    }

    private void Search(Activity activity)
    {
        var name = activity.OperationName;
        Search("an activity", "the name", name);
        Search(name, "the display name", activity.DisplayName);
        Search(name, "the status", activity.StatusDescription);
        Search(name, "the trace state", activity.TraceStateString);
        Search(name, activity.EnumerateTagObjects());
        foreach (var (key, value) in activity.Baggage)
        {
            Search(name, key, value);
        }

        foreach (ref readonly var told in activity.EnumerateEvents())
        {
            Search(name, "the name of an event", told.Name);
            Search(name, told.EnumerateTagObjects());
        }

        foreach (ref readonly var link in activity.EnumerateLinks())
        {
            Search(name, "the trace state of a link", link.Context.TraceState);
            Search(name, link.EnumerateTagObjects());
        }
    }

    private void Search(string activity, Activity.Enumerator<KeyValuePair<string, object?>> tags)
    {
        foreach (ref readonly var tag in tags)
        {
            Search(activity, "the name of a tag", tag.Key);
            Search(activity, tag.Key, tag.Value);
        }
    }
}
