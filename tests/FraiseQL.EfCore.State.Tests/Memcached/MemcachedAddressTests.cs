using FraiseQL.EfCore.State.Memcached;

namespace FraiseQL.EfCore.State.Tests.Memcached;

[Feature("S1.1-l2-memcached")]
public sealed class MemcachedAddressTests
{
    [Theory]
    [InlineData("localhost", "localhost:11211")]
    [InlineData("Cache.Example:11212", "cache.example:11212")]
    [InlineData("memcached://cache.example", "cache.example:11211")]
    [InlineData("memcached://cache.example:1234/", "cache.example:1234")]
    [InlineData("10.0.0.1:11211 , host2", "10.0.0.1:11211 host2:11211")]
    [InlineData("[::1]:11300,::1", "::1:11300 ::1:11211")]
    [InlineData("memcached://a:1,memcached://b:2", "a:1 b:2")]
    public void An_address_in_any_form_names_its_servers(string text, string servers)
        => Assert.Equal(servers, string.Join(' ', MemcachedAddress.ParseList(text, "servers")));

    [Theory]
    [InlineData("", "empty")]
    [InlineData("host,", "names no host")]
    [InlineData("a b", "names no host")]
    [InlineData("host:", "port")]
    [InlineData("host:0", "port")]
    [InlineData("host:65536", "port")]
    [InlineData("host:http", "port")]
    [InlineData("redis://host", "scheme")]
    [InlineData("memcacheds://host", "scheme")]
    [InlineData("memcached://user:hunter2@host", "password")]
    [InlineData("[::1:11211", "brackets")]
    [InlineData("host:11211,HOST", "same server")]
    public void A_text_that_is_no_address_is_refused_with_its_remedy_and_without_repeating_it(string text, string why)
    {
        var error = Assert.Throws<ArgumentException>(() => MemcachedAddress.ParseList(text, "servers"));
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
        Assert.Contains("Give AddMemcached \"host:11211\"", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.Message, StringComparison.Ordinal);
        Assert.Equal("servers", error.ParamName);
    }
}
