using BlogApp.Api;
using BlogApp.Data;
using FraiseQL.EfCore.State;
using Microsoft.EntityFrameworkCore;

namespace BlogApp.Load;

/// <summary>
/// Reads as many visitors would, each read once with and once without <c>.Cacheable()</c>, so that both sides meet the same machine at the same
/// moment. One run at a time.
/// </summary>
internal sealed class LoadRun(IServiceScopeFactory scopes, TimeProvider time)
{
    private const int Visitors = 4;
    private const int KnownPosts = 200;

    private int _running;

    /// <returns>What was measured; <see langword="null"/> when another run is under way.</returns>
    public async Task<LoadReport?> TryRunAsync(int reads, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _running, 1) != 0)
        {
            return null;
        }

        try
        {
            return await RunAsync(reads, cancellationToken);
        }
        finally
        {
            Volatile.Write(ref _running, 0);
        }
    }

    private async Task<LoadReport> RunAsync(int reads, CancellationToken cancellationToken)
    {
        var posts = await KnownPostsAsync(cancellationToken);
        var visitors = Enumerable.Range(0, Visitors).Select(_ => (Cached: new LoadTimes(), Database: new LoadTimes())).ToArray();
        var next = -1;
        await Task.WhenAll(visitors.Select(visitor => Task.Run(
            async () =>
            {
                while (Interlocked.Increment(ref next) is var read && read < reads)
                {
                    await VisitAsync(read, posts, cached: true, visitor.Cached, cancellationToken);
                    await VisitAsync(read, posts, cached: false, visitor.Database, cancellationToken);
                }
            },
            cancellationToken)));
        return new LoadReport(
            LoadTimes.Bounds, LoadTimes.Sum([.. visitors.Select(v => v.Cached)]), LoadTimes.Sum([.. visitors.Select(v => v.Database)]));
    }

    private async Task<int[]> KnownPostsAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<BlogContext>();
        return await db.Posts.OrderByDescending(p => p.Id).Select(p => p.Id).Take(KnownPosts).ToArrayAsync(cancellationToken);
    }

    /// <summary>What a visitor looks at: a page of the feed, what is discussed, or a post, the newest posts most of all.</summary>
    private async Task VisitAsync(int read, int[] posts, bool cached, LoadTimes times, CancellationToken cancellationToken)
    {
        // As each request has a scope and a context of its own. The time includes both.
        var start = time.GetTimestamp();
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<BlogContext>();
        switch (read % 10)
        {
            case < 4:
                await ReadAsync(PostQueries.Page(db.Posts, 1 + (read % 3)), null);
                break;
            case 4:
                await ReadAsync(PostQueries.Trending(db, time), PostQueries.TrendingTtl);
                break;
            case var _ when posts.Length > 0:
                // Squaring favours small numbers.
                var chance = (double)(uint)(read * 2654435761) / uint.MaxValue;
                await ReadAsync(PostQueries.WithId(db, posts[(int)(chance * chance * (posts.Length - 1))]), null);
                break;
        }

        times.Add(time.GetElapsedTime(start), cached ? db.Database.GetCacheOutcome() : CacheOutcome.Bypass);

        Task ReadAsync<T>(IQueryable<T> query, TimeSpan? ttl)
            => (!cached ? query : ttl is { } limit ? query.Cacheable(limit) : query.Cacheable()).ToListAsync(cancellationToken);
    }
}
