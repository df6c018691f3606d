using FraiseQL.EfCore.State.EventLog;

namespace FraiseQL.EfCore.State.Tests.EventLog;

public sealed class PgSnapshotTests
{
    [Theory]
    [InlineData("10:20:10,14", 9, true)]
    [InlineData("10:20:10,14", 10, false)]
    [InlineData("10:20:10,14", 11, true)]
    [InlineData("10:20:10,14", 14, false)]
    [InlineData("10:20:10,14", 20, false)]
    public void A_snapshot_sees_what_had_ended(string text, ulong id, bool sees)
        => Assert.Equal(sees, PgSnapshot.Parse(text).Sees(id));

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("10:20")]
    [InlineData("20:10:")]
    [InlineData("0:10:")]
    [InlineData("10:20:9")]
    [InlineData("10:20:20")]
    [InlineData("10:20:14,14")]
    [InlineData("10:20:14,")]
    [InlineData("-1:20:")]
    public void A_text_that_is_no_snapshot_is_refused(string text)
        => Assert.False(PgSnapshot.TryParse(text, out _));

    [Theory]
    [InlineData("1:1:")]
    [InlineData("10:20:")]
    [InlineData("10:20:10,14,19")]
    public void The_text_form_is_kept(string text)
        => Assert.Equal(text, PgSnapshot.Parse(text).ToString());

    [Fact]
    public void A_later_snapshot_contains_an_earlier_one_and_not_the_other_way_round()
    {
        var earlier = PgSnapshot.Parse("10:20:10,14");
        var later = PgSnapshot.Parse("14:25:14,22");
        Assert.True(later.Contains(earlier));
        Assert.False(earlier.Contains(later));
        Assert.True(earlier.Contains(PgSnapshot.Beginning));
    }
}
