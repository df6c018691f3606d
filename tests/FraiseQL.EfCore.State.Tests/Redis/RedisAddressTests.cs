using System.Net;
using FraiseQL.EfCore.State.Redis;
using StackExchange.Redis;

namespace FraiseQL.EfCore.State.Tests.Redis;

public sealed class RedisAddressTests
{
    [Theory]
    [InlineData("localhost", "localhost", 0)]
    [InlineData("localhost:6380", "localhost", 6380)]
    [InlineData("redis://cache.example", "cache.example", 6379)]
    [InlineData("redis://cache.example:6400/3", "cache.example", 6400)]
    [InlineData("rediss://user:p%40ss@cache.example:6400", "cache.example", 6400)]
    public void An_address_in_any_form_names_its_server(string text, string host, int port)
    {
        var end = Assert.IsType<DnsEndPoint>(Assert.Single(RedisAddress.Parse(text).EndPoints));
        Assert.Equal((host, port), (end.Host, end.Port));
    }

    [Fact]
    public void A_URL_carries_user_password_database_and_TLS()
    {
        var options = RedisAddress.Parse("rediss://us%3Aer:p%40s:s@cache.example/7");
        Assert.Equal(("us:er", "p@s:s", 7, true), (options.User, options.Password, options.DefaultDatabase, options.Ssl));
        Assert.Null(RedisAddress.Parse("redis://:pw@cache.example").User);
    }

    [Fact]
    public void A_broken_Redis_is_harmless_by_default_and_the_users_own_timeouts_win()
    {
        var options = RedisAddress.Parse("localhost,abortConnect=true,syncTimeout=250");
        Assert.False(options.AbortOnConnectFail);
        Assert.Same(BacklogPolicy.FailFast, options.BacklogPolicy);
        Assert.False(options.IncludeDetailInExceptions);
        Assert.Equal((1000, 250, 1000), (options.ConnectTimeout, options.SyncTimeout, options.AsyncTimeout));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("http://localhost")]
    [InlineData("redis://")]
    [InlineData("redis://u:hunter2@host:port")]
    [InlineData("redis://u:hunter2@host/notanumber")]
    [InlineData("redis://u:hunter2@host?timeout=1")]
    [InlineData("host,pasword=hunter2")]
    [InlineData("host,ssl=hunter2")]
    [InlineData("password=hunter2")]
    public void A_text_that_is_no_address_is_refused_without_repeating_it(string text)
    {
        var error = Assert.Throws<ArgumentException>(() => RedisAddress.Parse(text));
        Assert.Contains("AddRedis", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
    }
}
