using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Xunit.Sdk;

namespace FraiseQL.EfCore.State.OperationsTests.Telemetry;

/// <summary>That the search, which goes along with every test of this assembly and of others, finds what it looks for.</summary>
public sealed class LeakSearchTests : IDisposable
{
    private readonly LeakSearch _search;
    private readonly Meter _meter;
    private readonly ActivitySource _source;

    public LeakSearchTests()
    {
        var name = $"test.searched.{Guid.NewGuid():n}";
        (_search, _meter, _source) = (new LeakSearch(name), new Meter(name), new ActivitySource(name));
        _search.Listen();
    }

    [Fact]
    [Feature("U-43-no-secrets-logs")]
    public void A_value_in_a_name_or_tag_of_a_measurement_is_found_with_its_place()
    {
        var counter = _meter.CreateCounter<long>("requests");
        var histogram = _meter.CreateHistogram<double>("durations");
        counter.Add(1, Tag("entity", "Author"));
        _search.AssertNothingFound();

        Finds("entity of requests: Author 1", () => counter.Add(1, Tag("context", "Blog"), Tag("entity", "Author 1")));
        Finds("the name of a tag of durations: Post 1.1", () => histogram.Record(1, Tag("Post 1.1", 1)));
        Finds("the name of an instrument: post-1", () => _meter.CreateCounter<int>("post-1"));
        Finds("the description of fills: comment 3", () => _meter.CreateCounter<long>("fills", description: "comment 3"));
        Finds("key of level: Text of **1**", () => _meter.CreateObservableGauge("level", () => new Measurement<long>(1, Tag("key", "Text of **1**"))));
    }

    [Fact]
    [Feature("U-43-no-secrets-logs")]
    public void A_value_in_anything_that_an_activity_has_is_found_with_its_place()
    {
        Tell(activity => activity.SetTag("entity", "Author").AddEvent(new ActivityEvent("read")));
        _search.AssertNothingFound();

        Finds("key of lookup: Password=x", () => Tell(activity => activity.SetTag("key", (string[])["a", "Password=x"])));
        Finds("the display name of lookup: comment 7", () => Tell(activity => activity.DisplayName = "comment 7"));
        Finds("the status of lookup: post-2", () => Tell(activity => activity.SetStatus(ActivityStatusCode.Error, "post-2")));
        Finds("user of lookup: Author 3", () => Tell(activity => activity.SetBaggage("user", "Author 3")));
        Finds("row of lookup: About 1.1", () => Tell(activity => activity.AddEvent(new ActivityEvent("read", tags: new ActivityTagsCollection { ["row"] = "About 1.1" }))));
        Finds("the name of an event of lookup: post-3", () => Tell(activity => activity.AddEvent(new ActivityEvent("post-3"))));
        Finds("row of lookup: About 1.2", () => Tell(activity => activity.AddLink(new ActivityLink(default, new ActivityTagsCollection { ["row"] = "About 1.2" }))));
    }

    [Fact]
    [Feature("U-43-no-secrets-logs")]
    public void A_value_in_a_health_report_is_found_with_its_place()
    {
        Report("well", null, 1);
        _search.AssertNothingFound();

        Finds("rows of cache: Author 2", () => Report("well", null, (string[])["Author 2"]));
        Finds("the description of cache: no Post 1.1", () => Report("no Post 1.1", null, 1));
        Finds("the exception of cache: System.FormatException: pl4nted", () => Report("ill", new FormatException("pl4nted"), 1));
    }

    [Fact]
    public void Where_it_pauses_nobody_listens()
    {
        var counter = _meter.CreateCounter<long>("requests");
        Assert.True(counter.Enabled && _source.HasListeners());

        _search.Pause();
        Assert.False(counter.Enabled || _source.HasListeners());
        counter.Add(1, Tag("entity", "Author 1"));
        _search.AssertNothingFound();

        _search.Listen();
        Assert.True(counter.Enabled && _source.HasListeners());
    }

    public void Dispose()
    {
        _search.Dispose();
        _meter.Dispose();
        _source.Dispose();
    }

    private static KeyValuePair<string, object?> Tag(string name, object value) => new(name, value);

    private void Tell(Action<Activity> what)
    {
        using var activity = _source.StartActivity("lookup")!;
        what(activity);
    }

    private void Report(string description, Exception? exception, object rows) => _search.Search(new HealthReport(
        new Dictionary<string, HealthReportEntry>
        {
            ["cache"] = new(HealthStatus.Healthy, description, TimeSpan.Zero, exception, new Dictionary<string, object> { ["rows"] = rows }),
        },
        TimeSpan.Zero));

    private void Finds(string text, Action tell)
    {
        tell();
        Assert.Contains(text, Assert.ThrowsAny<XunitException>(_search.AssertNothingFound).Message, StringComparison.Ordinal);
    }
}
