using System.Buffers;
using System.Globalization;
using FraiseQL.EfCore.State.Cache;
using StackExchange.Redis;

namespace FraiseQL.EfCore.State.Redis;

/// <summary>
/// Redis as the shared server: plain string values with their own expiration, one GET a read. The Redis client keeps the connection and
/// reopens it; it is opened in the background.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class RedisServer(RedisConnection connection, TimeProvider time) : SharedServer, IAsyncDisposable, IDisposable
{
    // Left by something else under our key, such as a hash of another cache: not a failure of the server.
    private const string WrongType = "WRONGTYPE";

    private static readonly RedisValue Mark = "1";

    public override string Backend => "redis";

    public override void Start() => connection.Open();

    public override async ValueTask<bool> ReadAsync(string key, IBufferWriter<byte> destination, TimeSpan timeout, CancellationToken token)
    {
        try
        {
            var database = connection.Database ?? await connection.OpenAsync(timeout, time, token).ConfigureAwait(false);

            // The answer is in a buffer of the client until it is copied here, so a late one touches nothing of the caller's.
            var answer = database.StringGetLeaseAsync(key);
            using var value = answer.IsCompleted
                ? await answer.ConfigureAwait(false)
                : await InTime(answer, timeout, token).ConfigureAwait(false);
            return Copy(value, destination);
        }
        catch (RedisServerException error) when (error.Message.StartsWith(WrongType, StringComparison.Ordinal))
        {
            return false;
        }
    }

    public override bool Read(string key, IBufferWriter<byte> destination, TimeSpan timeout)
    {
        try
        {
            // Its bound is the client's synchronous timeout, which RedisConnection keeps at the budget of a read.
            using var value = (connection.Database ?? connection.Open(timeout)).StringGetLease(key);
            return Copy(value, destination);
        }
        catch (RedisServerException error) when (error.Message.StartsWith(WrongType, StringComparison.Ordinal))
        {
            return false;
        }
    }

    public override async ValueTask<bool> WriteAsync(
        string key, ReadOnlyMemory<byte> value, TimeSpan ttl, TimeSpan timeout, CancellationToken token)
    {
        var database = connection.Database ?? await connection.OpenAsync(timeout, time, token).ConfigureAwait(false);

        // A copy, as a command that is given up may still be sent.
        await InTime(database.StringSetAsync(key, value.ToArray(), ttl), timeout, token).ConfigureAwait(false);
        return true;
    }

    public override bool CanAdd => true;

    // One connection carries all commands; of a cluster, keys may be on different servers, and then the order is a matter of luck.
    public override bool KeepsOrder => true;

    public override async ValueTask<bool> AddAsync(string key, TimeSpan ttl, TimeSpan timeout, CancellationToken token)
    {
        var database = connection.Database ?? await connection.OpenAsync(timeout, time, token).ConfigureAwait(false);
        return await InTime(database.StringSetAsync(key, Mark, ttl, When.NotExists), timeout, token).ConfigureAwait(false);
    }

    public override bool Add(string key, TimeSpan ttl, TimeSpan timeout)
        => (connection.Database ?? connection.Open(timeout)).StringSet(key, Mark, ttl, When.NotExists);

    public override async ValueTask DeleteAsync(string key, TimeSpan timeout, CancellationToken token)
    {
        var database = connection.Database ?? await connection.OpenAsync(timeout, time, token).ConfigureAwait(false);
        await InTime(database.KeyDeleteAsync(key), timeout, token).ConfigureAwait(false);
    }

    public override async Task<SharedLimits?> ReadLimitsAsync(TimeSpan timeout, CancellationToken token)
    {
        var database = connection.Database ?? await connection.OpenAsync(timeout, time, token).ConfigureAwait(false);
        long? all = 0;
        var evicts = true;
        foreach (var server in database.Multiplexer.GetServers())
        {
            if (server.IsReplica)
            {
                continue;
            }

            // INFO and not CONFIG GET, which hosted servers and restricted users are often denied; as a plain command, since the client takes
            // its own form of it for an administrator's.
            var text = (string?)await InTime(server.ExecuteAsync("INFO", "memory"), timeout, token).ConfigureAwait(false) ?? "";
            var memory = text.Split('\n').Select(line => line.Trim().Split(':', 2)).Where(pair => pair.Length == 2)
                .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
            all = memory.TryGetValue("maxmemory", out var limit) && long.TryParse(limit, CultureInfo.InvariantCulture, out var most) && most > 0 ? all + most : null;
            evicts &= !memory.TryGetValue("maxmemory_policy", out var policy) || policy != "noeviction";
        }

        return new SharedLimits(all, evicts);
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    public void Dispose() => connection.Dispose();

    private async Task<T> InTime<T>(Task<T> task, TimeSpan timeout, CancellationToken token)
    {
        try
        {
            return await task.WaitAsync(timeout, time, token).ConfigureAwait(false);
        }
        catch when (!task.IsCompleted)
        {
            // Nobody awaits it any more: its late lease goes back, and its late exception is seen.
            _ = task.ContinueWith(
                static late =>
                {
                    if (late.IsCompletedSuccessfully)
                    {
                        (late.Result as IDisposable)?.Dispose();
                    }

                    _ = late.Exception;
                },
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
            throw;
        }
    }

    private static bool Copy(Lease<byte>? value, IBufferWriter<byte> destination)
    {
        if (value is null)
        {
            return false;
        }

        destination.Write(value.Span);
        return true;
    }
}
