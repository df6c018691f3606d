using FraiseQL.EfCore.State.Dispatch;

namespace FraiseQL.EfCore.State.Tests.Dispatch;

public sealed class PostgresIntervalTests
{
    [Theory]
    [InlineData("00:00:00", "00:00:00")]
    [InlineData("04:05:06.789", "04:05:06.7890000")]
    [InlineData("-04:05:06", "-04:05:06")]
    [InlineData("1 day", "1.00:00:00")]
    [InlineData("-3 days +04:05:06.000007", "-2.19:54:53.9999930")]
    [InlineData("3 days -04:05:06", "2.19:54:54")]
    [InlineData("100:00:00", "4.04:00:00")]
    public void An_interval_without_months_is_a_time_span(string text, string expected)
    {
        Assert.True(PostgresInterval.TryParse(text, out var interval));
        Assert.Equal(TimeSpan.Parse(expected, null), interval);
    }

    [Theory]
    [InlineData("1 mon")]
    [InlineData("1 year 2 days 03:04:05")]
    [InlineData("")]
    [InlineData("P1DT2H")]
    [InlineData("x days 01:02:03")]
    public void What_no_time_span_can_hold_is_refused(string text) => Assert.False(PostgresInterval.TryParse(text, out _));
}
