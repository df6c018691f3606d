using CsCheck;
using FraiseQL.EfCore.State.Consistency;
using FraiseQL.EfCore.State.EventLog;

namespace FraiseQL.EfCore.State.Tests.Cache;

[Feature("B-10-causal-cache")]
public sealed class ConsistencyTokenTests
{
    private static readonly Gen<PgSnapshot> s_snapshot = Gen.Select(Gen.ULong[1, 1UL << 40], Gen.ULong[0, 30], Gen.Bool.Array[30]).Select((xmin, span, open) =>
    {
        var ids = Enumerable.Range(0, (int)span).Where(i => open[i]).Select(i => xmin + (ulong)i).ToArray();
        return new PgSnapshot(ids.Length > 0 ? ids[0] : xmin + span, xmin + span, ids);
    });

    [Fact]
    public void The_text_says_everything_and_may_stand_in_a_header_a_cookie_and_a_URL()
        => Gen.Select(s_snapshot, s_snapshot, Gen.ULong).Sample((a, b, wal) =>
        {
            var token = Token("0123456789abcdef", a, wal).Merge(Token("fedcba9876543210", b, 0));
            var text = token.ToString();
            var read = ConsistencyToken.Parse(text);
            Assert.Equal(text, Uri.EscapeDataString(text));
            Assert.Equal(token, read);
            Assert.Equal(token.Parts, read.Parts);
        });

    [Fact]
    public void A_merged_token_asks_for_what_either_asks_for_and_for_nothing_more()
        => Gen.Select(s_snapshot, s_snapshot).Sample((a, b) =>
        {
            var merged = Token("0123456789abcdef", a, 1).Merge(Token("0123456789abcdef", b, 2)).Parts.Single();
            Assert.Equal(2UL, merged.Wal);
            Assert.True(merged.Position.Contains(a));
            Assert.True(merged.Position.Contains(b));
            var first = Math.Min(a.Xmin, b.Xmin) - 1;
            for (var id = Math.Max(a.Xmin, b.Xmin) - 1; id < Math.Max(a.Xmax, b.Xmax) + 1; id++)
            {
                Assert.Equal(a.Sees(id) || b.Sees(id), merged.Position.Sees(id));
            }

            Assert.True(merged.Position.Sees(first));
        });

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("v1")]
    [InlineData("v1.")]
    [InlineData("v2.01234567-0123456789abcdef-0-a-0")]
    [InlineData("v1.01234567-0123456789abcdef-0-0-0")]
    [InlineData("v1.01234567-0123456789abcde-0-a-0")]
    [InlineData("v1.01234567-0123456789ABCDEF-0-a-0")]
    [InlineData("v1.01234567-0123456789abcdef-0-a")]
    [InlineData("v1.01234567-0123456789abcdef-0-a-ffffffffffffffff")]
    [InlineData("v1.01234567-0123456789abcdef-0-a-2-2")]
    [InlineData("v1.01234567-0123456789abcdef-0-a-2-1-0")]
    [InlineData("v1.01234567-0123456789abcdef-0-a-2-0-1-ffffffffffffffff")]
    [InlineData("v1.01234567-0123456789abcdef-0- a-2")]
    [InlineData("v1.01234567-0123456789abcdef-0-a-2.01234567-0123456789abcdef-0-a-2")]
    [InlineData("10:20:")]
    public void What_is_not_a_token_is_refused_and_said_so(string? text)
    {
        Assert.False(ConsistencyToken.TryParse(text, out _));
        if (text is not null)
        {
            Assert.Contains("not a consistency token", Assert.Throws<FormatException>(() => ConsistencyToken.Parse(text)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_damaged_text_is_refused_or_is_another_token_and_never_an_error()
        => Gen.Select(s_snapshot, Gen.Int[0, 60], Gen.Char).Sample((a, at, letter) =>
        {
            var text = Token("0123456789abcdef", a, 7).ToString();
            var damaged = text[..Math.Min(at, text.Length)] + letter + text[Math.Min(at + 1, text.Length)..];
            if (ConsistencyToken.TryParse(damaged, out var read))
            {
                Assert.True(ConsistencyToken.TryParse(read.ToString(), out _));
            }
        });

    private static ConsistencyToken Token(string log, PgSnapshot position, ulong wal) => new([new TokenPart("01234567", log, position, wal)]);
}
