namespace FraiseQL.EfCore.State.PackageTests.Analyzers;

[Feature("B-15-analyzers")]
public sealed class CodeFixTests
{
    [Theory]
    [InlineData(
        "var x = (await db.Posts.ToListAsync()).AsQueryable().Cacheable().ToList();",
        "var x = (await db.Posts.ToListAsync()).AsQueryable().ToList();")]
    [InlineData(
        "await using var tx = await db.Database.BeginTransactionAsync(); var x = await db.Posts.Cacheable().ToListAsync();",
        "await using var tx = await db.Database.BeginTransactionAsync(); var x = await db.Posts.ToListAsync();")]
    [InlineData(
        "var x = await db.Posts.Where(p => p.Id == id).Cacheable().ExecuteDeleteAsync();",
        "var x = await db.Posts.Where(p => p.Id == id).ExecuteDeleteAsync();")]
    [InlineData(
        "var x = await db.Authors.Where(a => db.Posts.Cacheable().Any(p => p.AuthorId == a.Id)).ToListAsync();",
        "var x = await db.Authors.Where(a => db.Posts.Any(p => p.AuthorId == a.Id)).ToListAsync();")]
    [InlineData(
        "IQueryable<Post> query = db.Posts; query.Cacheable(); await query.ToListAsync();",
        "IQueryable<Post> query = db.Posts; query = query.Cacheable(); await query.ToListAsync();")]
    [InlineData("db.Posts.Cacheable();", null)]
    [InlineData(
        "var x = await db.Posts.FromSql($\"select 1\").Cacheable().ToListAsync();",
        "var x = await db.Posts.FromSql($\"select 1\").Cacheable(o => o.DependsOn<Post>()).ToListAsync();")]
    [InlineData(
        "var x = await db.Posts.FromSql($\"select 1\").Cacheable(TimeSpan.FromMinutes(1)).ToListAsync();",
        "var x = await db.Posts.FromSql($\"select 1\").Cacheable(o => o.Ttl(TimeSpan.FromMinutes(1)).DependsOn<Post>()).ToListAsync();")]
    [InlineData(
        "var x = await db.Posts.FromSql($\"select 1\").Cacheable(o => o.PerUser()).ToListAsync();",
        "var x = await db.Posts.FromSql($\"select 1\").Cacheable(o => o.PerUser().DependsOn<Post>()).ToListAsync();")]
    [InlineData("var x = await db.Database.SqlQuery<int>($\"select 1\").Cacheable().ToListAsync();", null)]
    [InlineData(
        "var x = await db.Posts.Where(p => p.PublishedAt < DateTime.UtcNow).Cacheable().ToListAsync();",
        "var now = new DateTime(DateTime.UtcNow.Ticks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, DateTimeKind.Utc);\n"
        + "        var x = await db.Posts.Where(p => p.PublishedAt < now).Cacheable().ToListAsync();")]
    [InlineData("var x = await db.Posts.Cacheable(TimeSpan.Zero).ToListAsync();", "var x = await db.Posts.Cacheable().ToListAsync();")]
    [InlineData(
        "services.AddFraiseQLState<BlogContext>().OnEvent<Post>(\"post_created\", async (change, context, token) => await Helper.SendAsync(change.EntityId));",
        "services.AddFraiseQLState<BlogContext>().OnEvent<Post>(\"post_created\", async (change, context, token) => await Helper.SendAsync(change.EntityId, token));")]
    [InlineData(
        "services.AddFraiseQLState<BlogContext>().OnEvent<Post>(\"post_created\", async (change, context, token) => await Helper.IndexAsync(change.EntityId));",
        "services.AddFraiseQLState<BlogContext>().OnEvent<Post>(\"post_created\", async (change, context, token) => await Helper.IndexAsync(change.EntityId, cancellationToken: token));")]
    public async Task What_is_underlined_can_be_fixed_and_then_compiles_and_is_not(string before, string? after)
        => Assert.Equal(after, await Snippet.FixedAsync(before));
}
