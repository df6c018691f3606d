using System.Diagnostics;
using System.Globalization;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using FraiseQL.EfCore.State.PostgresTests.Policies;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Faults;

/// <summary>
/// A node in a storm: it reads by several queries and writes by EF, and judges every answer of its own. What it has committed itself must show at once,
/// what others have committed within the bound of silence, and in a verified read at once. Its clock jumps by a day all the time.
/// </summary>
internal sealed class StormNode(CommitLog log, CommitLog.Counters counters, Node node)
{
    public static readonly TimeSpan MaxSilence = TimeSpan.FromSeconds(1);

    private const int Authors = 3;
    private static readonly TimeSpan s_ttl = TimeSpan.FromDays(10);

    private readonly int[] _own = new int[CommitLog.Rows + 1];
    private readonly Lock _gate = new();

    /// <summary>The life of a process.</summary>
    public static async Task RunProcessAsync(string database, string redis, string logPath, int slot)
    {
        using var log = CommitLog.Open(logPath);
        var time = new AdjustableTime();
        await using var node = await StartNodeAsync(database, redis, time);
        var storm = new StormNode(log, log.Of(slot), node);
        _ = Task.Run(() => storm.LoopAsync(storm.ReadAsync));
        _ = Task.Run(() => storm.LoopAsync(storm.ReadAsync));
        _ = Task.Run(() => storm.LoopAsync(storm.WriteAsync));
        for (var day = 1; ; day = -day)
        {
            time.Shift = TimeSpan.FromDays(day);
            node.Logs.Clear();
            await Task.Delay(300);
        }
    }

    public static Task<Node> StartNodeAsync(string database, string redis, TimeProvider? time = null)
        => Node.StartAsync(
            database,
            redis,
            o =>
            {
                o.Consistency.MaxSilence = MaxSilence;
                o.Cdc.IdlePollInterval = TimeSpan.FromMilliseconds(250);
                o.Cdc.MaxReconnectDelay = TimeSpan.FromMilliseconds(200);
            },
            time: time,
            wait: false);

    private async Task LoopAsync(Func<Random, Task> action)
    {
        var random = new Random();
        while (true)
        {
            try
            {
                await action(random);
            }
#pragma warning disable CA1031 // The database is down, or was when this was sent: its reads fail as they would without a cache.
            catch (Exception)
#pragma warning restore CA1031
            {
                lock (_gate)
                {
                    counters.Errors++;
                }

                await Task.Delay(20);
            }
        }
    }

    private async Task ReadAsync(Random random)
    {
        if (log.IsAtRest)
        {
            await ReadAtRestAsync();
            return;
        }

        var own = (int[])_own.Clone();
        var start = Stopwatch.GetTimestamp();
        var kind = random.Next(10);
        var isVerified = kind == 9;
        var (rows, outcome) = kind switch
        {
            < 4 => await ByIdAsync(random.Next(1, CommitLog.Rows + 1)),
            < 7 => await ByAuthorAsync(random.Next(1, Authors + 1)),
            7 => await WithAuthorsAsync(),
            8 => await SummedAsync(random.Next(1, CommitLog.Rows + 1)),
            _ => await VerifiedAsync(random.Next(1, CommitLog.Rows + 1)),
        };
        var isHit = outcome is CacheOutcome.L1Hit or CacheOutcome.L2Hit;
        var isNewest = true;
        foreach (var (row, version) in rows)
        {
            isNewest &= log.WasCurrent(row, version, start);
            var age = log.AgeOf(row, version, start);
            if (version < own[row] || age > (isVerified ? TimeSpan.Zero : MaxSilence))
            {
                Violation($"row {row}: version {version} was read ({outcome}, kind {kind}), {age.TotalMilliseconds:0} ms after a later one was known; this node had committed {own[row]}");
            }
        }

        lock (_gate)
        {
            counters.Reads++;
            counters.Hits += outcome == CacheOutcome.L1Hit ? 1 : 0;
            counters.SharedHits += outcome == CacheOutcome.L2Hit ? 1 : 0;
            if (isHit && isNewest)
            {
                counters.FreshHitAt = start;
            }
        }

        await Task.Delay(1);
    }

    private async Task ReadAtRestAsync()
    {
        var isFinal = true;
        for (var row = 1; row <= CommitLog.Rows; row++)
        {
            isFinal &= (await ByIdAsync(row)).Rows[0].Version == log.Final(row) && (await SummedAsync(row)).Rows[0].Version == log.Final(row);
        }

        for (var author = 1; author <= Authors; author++)
        {
            isFinal &= (await ByAuthorAsync(author)).Rows.All(r => r.Version == log.Final(r.Row));
        }

        isFinal &= (await WithAuthorsAsync()).Rows.All(r => r.Version == log.Final(r.Row));
        lock (_gate)
        {
            counters.AtRest = isFinal ? counters.AtRest + 1 : 0;
        }

        await Task.Delay(5);
    }

    private async Task<(List<(int Row, int Version)> Rows, CacheOutcome Outcome)> ByIdAsync(int id)
        => await node.ReadAsync(async db => One(id, await db.Posts.Where(p => p.Id == id).Select(p => p.Views).Cacheable(s_ttl).SingleAsync()));

    private async Task<(List<(int Row, int Version)> Rows, CacheOutcome Outcome)> SummedAsync(int id)
        => await node.ReadAsync(async db => One(id, await db.Posts.Where(p => p.Id == id).Cacheable(s_ttl).SumAsync(p => p.Views)));

    private async Task<(List<(int Row, int Version)> Rows, CacheOutcome Outcome)> VerifiedAsync(int id)
        => await node.ReadAsync(async db => One(id, await db.Posts.Where(p => p.Id == id).Select(p => p.Views).Cacheable(o => o.Ttl(s_ttl).Strict()).SingleAsync()));

    private async Task<(List<(int Row, int Version)> Rows, CacheOutcome Outcome)> ByAuthorAsync(int author)
        => await node.ReadAsync(async db => All(await db.Posts.AsNoTracking().Where(p => p.AuthorId == author).Cacheable(s_ttl).ToListAsync()));

    private async Task<(List<(int Row, int Version)> Rows, CacheOutcome Outcome)> WithAuthorsAsync()
        => await node.ReadAsync(async db => All((await db.Authors.Include(a => a.Posts).Cacheable(s_ttl).ToListAsync()).SelectMany(a => a.Posts)));

    private static List<(int Row, int Version)> One(int id, int version) => [(id, version)];

    private static List<(int Row, int Version)> All(IEnumerable<Post> posts) => [.. posts.Select(p => (p.Id, p.Views))];

    private async Task WriteAsync(Random random)
    {
        if (log.IsAtRest)
        {
            await Task.Delay(20);
            return;
        }

        var row = random.Next(1, CommitLog.Rows + 1);
        var version = 0;
        await node.WriteAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(Storm.AnyIsolation(random));
            if (random.Next(2) == 0)
            {
                await db.Posts.Where(p => p.Id == row).ExecuteUpdateAsync(s => s.SetProperty(p => p.Views, p => p.Views + 1));
                version = await db.Posts.Where(p => p.Id == row).Select(p => p.Views).SingleAsync();
            }
            else
            {
                var post = await db.Posts.FromSql($"SELECT * FROM \"Posts\" WHERE \"Id\" = {row} FOR UPDATE").SingleAsync();
                version = ++post.Views;
                await db.SaveChangesAsync();
            }

            await transaction.CommitAsync();
        });
        log.Acknowledge(row, version);
        lock (_gate)
        {
            _own[row] = Math.Max(_own[row], version);
            counters.Writes++;
        }

        await Task.Delay(random.Next(30));
    }

    private void Violation(string text)
    {
        lock (_gate)
        {
            counters.Violations++;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"VIOLATION {text}"));
    }
}
