using System.Text;
using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.Memcached;
using Microsoft.Extensions.Logging.Abstractions;

namespace FraiseQL.EfCore.State.Tests.Memcached;

/// <summary>What is not an answer of Memcached ends the operation and its connection, in both forms, and never reaches the next operation.</summary>
[Feature("S1.1-l2-memcached")]
[Feature("S0-cache-is-optimization")]
public sealed class HostileServerTests
{
    private static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patient = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("VA 3\r\nabcXY")]
    [InlineData("VA 3\r\nabcdef\r\n")]
    [InlineData("VA 1000000000\r\nabc\r\n")]
    [InlineData("VA 99999999999\r\n")]
    [InlineData("VA -5\r\n")]
    [InlineData("ERROR\r\n")]
    [InlineData("\r\n")]
    [InlineData("HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n")]
    [InlineData("SERVER_ERROR everything is broken\r\n")]
    [InlineData(null)]
    public async Task An_answer_that_is_none_fails_and_its_connection_is_not_used_again(string? answer)
    {
        await using var server = new ScriptedServer(_ => answer is null ? null : Encoding.ASCII.GetBytes(answer));
        using var cache = Cache(server);
        using var buffer = new PayloadBuffer();
        await Assert.ThrowsAnyAsync<Exception>(async () => await cache.ReadAsync("k", buffer, Patient, CancellationToken.None));

        server.Answer = _ => "VA 2\r\nok\r\n"u8.ToArray();
        await Eventually.Until(async () => await ReadAsync(cache) == "ok");
        Assert.True(server.Connections > 1);
    }

    [Fact]
    public async Task A_line_without_an_end_is_given_up_and_not_collected()
    {
        await using var server = new ScriptedServer(_ => new byte[100_000]);
        using var cache = Cache(server);
        using var buffer = new PayloadBuffer();
        await Assert.ThrowsAsync<InvalidDataException>(async () => await cache.ReadAsync("k", buffer, Patient, CancellationToken.None));
        Assert.Throws<InvalidDataException>(() => cache.Read("k", buffer, Patient));
    }

    [Fact]
    public async Task An_answer_that_comes_in_single_bytes_and_one_of_many_packets_are_read_whole()
    {
        var large = new string('x', 300_000);
        var all = Encoding.ASCII.GetBytes($"VA {large.Length} s{large.Length}\r\n{large}\r\n");
        await using var server = new ScriptedServer(_ => all);
        using var cache = Cache(server);
        Assert.Equal(large, await ReadAsync(cache));
        Assert.Equal(large, Read(cache));
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task Silence_costs_the_budget_in_both_forms_and_the_late_answer_is_nobodys()
    {
        await using var server = new ScriptedServer(_ => []);
        using var cache = Cache(server);
        using var buffer = new PayloadBuffer();
        await Assert.ThrowsAsync<TimeoutException>(async () => await cache.ReadAsync("k", buffer, Budget, CancellationToken.None));
        Assert.Throws<TimeoutException>(() => cache.Read("k", buffer, Budget));
        Assert.Equal(0, buffer.Length);

        // Left alone now: no further connection.
        var connections = server.Connections;
        await Assert.ThrowsAsync<IOException>(async () => await cache.ReadAsync("k", buffer, Budget, CancellationToken.None));
        Assert.Equal(connections, server.Connections);
    }

    [Fact]
    public async Task A_cancelled_read_is_cancelled_and_leaves_no_half_read_connection_behind()
    {
        // One that used the connection of a cancelled read would get the value of another key, after the number that it sent.
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new ScriptedServer(request =>
        {
            asked.TrySetResult();
            return request.Contains("slow", StringComparison.Ordinal) ? "VA 100000\r\npart"u8.ToArray() : "VA 4\r\nfast\r\n"u8.ToArray();
        });
        using var cache = Cache(server);
        for (var i = 0; i < 20; i++)
        {
            asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var cancel = new CancellationTokenSource();
            using var buffer = new PayloadBuffer();
            var read = cache.ReadAsync("slow", buffer, Patient, cancel.Token).AsTask();
            await asked.Task;
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
            Assert.Equal("fast", await ReadAsync(cache));
            Assert.Equal("fast", Read(cache));
        }
    }

    [Fact]
    public async Task An_idle_connection_on_which_something_arrived_is_not_used()
    {
        await using var server = new ScriptedServer(_ => "VA 1\r\na\r\nVA 5\r\nwrong\r\n"u8.ToArray());
        using var cache = Cache(server);
        Assert.Equal("a", await ReadAsync(cache));
        server.Answer = _ => "VA 5\r\nright\r\n"u8.ToArray();
        Assert.Equal("right", await ReadAsync(cache));
        Assert.Equal(2, server.Connections);
    }

    private static MemcachedCache Cache(ScriptedServer server)
        => new([new MemcachedAddress("127.0.0.1", server.Port)], new MemcachedOptions(), TimeProvider.System, NullLogger.Instance);

    private static async Task<string?> ReadAsync(MemcachedCache cache)
    {
        using var buffer = new PayloadBuffer();
        return await cache.ReadAsync("k", buffer, Patient, CancellationToken.None) ? Encoding.ASCII.GetString(buffer.Written.Span) : null;
    }

    private static string? Read(MemcachedCache cache)
    {
        using var buffer = new PayloadBuffer();
        return cache.Read("k", buffer, Patient) ? Encoding.ASCII.GetString(buffer.Written.Span) : null;
    }
}
