using System.Text;
using FraiseQL.EfCore.State.Memcached;
using Microsoft.Extensions.Time.Testing;

namespace FraiseQL.EfCore.State.Tests.Memcached;

[Feature("S1.1-l2-memcached")]
public sealed class MetaProtocolTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));

    [Fact]
    public void Requests_are_the_meta_commands()
    {
        Assert.Equal("mg fraiseql:k v\r\n", Text(MetaProtocol.Get("fraiseql:k")));
        Assert.Equal("ms fraiseql:k 17 T60\r\n", Text(MetaProtocol.Set("fraiseql:k", 17, TimeSpan.FromMinutes(1), _time)));
        Assert.Equal("md fraiseql:k\r\n", Text(MetaProtocol.Delete("fraiseql:k")));
    }

    [Theory]
    [InlineData(0.001, 1)]
    [InlineData(1, 1)]
    [InlineData(1.5, 2)]
    [InlineData(30 * 86_400, 30 * 86_400)]
    [InlineData((30 * 86_400) + 1, 1_800_000_000 + (30 * 86_400) + 1)]
    [InlineData(365 * 86_400, 1_800_000_000 + (365 * 86_400))]
    public void Times_to_live_are_never_for_ever_and_beyond_30_days_a_point_in_time(double seconds, long expected)
        => Assert.Equal(expected, MetaProtocol.Expiration(TimeSpan.FromSeconds(seconds), _time));

    [Fact]
    public void A_key_that_Memcached_would_not_take_as_it_is_becomes_base64_and_one_that_is_too_long_its_hash()
    {
        Assert.Equal($"mg {Base64("a key")} b v\r\n", Text(MetaProtocol.Get("a key")));
        Assert.Equal($"mg {Base64("ключ\r\nflush_all")} b v\r\n", Text(MetaProtocol.Get("ключ\r\nflush_all")));
        Assert.Equal($"ms {Base64("a key")} 3 b T1\r\n", Text(MetaProtocol.Set("a key", 3, TimeSpan.FromSeconds(1), _time)));

        var longest = new string('k', MetaProtocol.LongestKey);
        Assert.Equal($"mg {longest} v\r\n", Text(MetaProtocol.Get(longest)));
        var hashed = Text(MetaProtocol.Get(longest + "1"));
        Assert.InRange(hashed.Length, 10, 100);
        Assert.NotEqual(hashed, Text(MetaProtocol.Get(longest + "2")));
        for (var length = 1; length < 600; length++)
        {
            var line = Text(MetaProtocol.Get(new string('é', length)));
            Assert.InRange(line.Split(' ')[1].Length, 1, MetaProtocol.LongestKey);
        }
    }

    [Theory]
    [InlineData("VA 5", MetaStatus.Value, 5)]
    [InlineData("VA 0", MetaStatus.Value, 0)]
    [InlineData("VA 12 t60 s12", MetaStatus.Value, 12)]
    [InlineData("HD", MetaStatus.Done, 0)]
    [InlineData("HD O1", MetaStatus.Done, 0)]
    [InlineData("EN", MetaStatus.Missing, 0)]
    [InlineData("NF", MetaStatus.Missing, 0)]
    [InlineData("NS", MetaStatus.NotStored, 0)]
    [InlineData("SERVER_ERROR object too large for cache", MetaStatus.TooLarge, 0)]
    [InlineData("SERVER_ERROR out of memory storing object", MetaStatus.NotStored, 0)]
    [InlineData("", MetaStatus.Unknown, 0)]
    [InlineData("VA", MetaStatus.Unknown, 0)]
    [InlineData("VA ", MetaStatus.Unknown, 0)]
    [InlineData("VA -1", MetaStatus.Unknown, 0)]
    [InlineData("VA 5x", MetaStatus.Unknown, 0)]
    [InlineData("VA 99999999999999999999", MetaStatus.Unknown, 0)]
    [InlineData("VA 4294967295", MetaStatus.Unknown, 0)]
    [InlineData("HDX", MetaStatus.Unknown, 0)]
    [InlineData("ERROR", MetaStatus.Unknown, 0)]
    [InlineData("CLIENT_ERROR bad data chunk", MetaStatus.Unknown, 0)]
    [InlineData("HTTP/1.1 400 Bad Request", MetaStatus.Unknown, 0)]
    public void Answers_are_read_exactly_and_what_is_none_is_unknown(string line, object status, int length)
        => Assert.Equal(new MetaAnswer((MetaStatus)status, length), MetaProtocol.Parse(Encoding.ASCII.GetBytes(line)));

    private static string Text(byte[] bytes) => Encoding.ASCII.GetString(bytes);

    private static string Base64(string key) => Convert.ToBase64String(Encoding.UTF8.GetBytes(key));
}
