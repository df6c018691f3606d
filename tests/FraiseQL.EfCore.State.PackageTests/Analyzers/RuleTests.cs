namespace FraiseQL.EfCore.State.PackageTests.Analyzers;

[Feature("B-15-analyzers")]
public sealed class RuleTests
{
    [Theory]
    [InlineData("FQS001", "var x = (await db.Posts.ToListAsync()).AsQueryable().[|Cacheable|]().ToList();")]
    [InlineData("FQS001", "var list = await db.Posts.ToListAsync(); var x = list.AsQueryable().Where(p => p.Id == id).[|Cacheable|](TimeSpan.FromMinutes(1)).ToList();")]
    [InlineData("FQS001", "var x = db.Posts.ToArray().AsQueryable().[|Cacheable|]().OrderBy(p => p.Id).ToList();")]
    [InlineData("FQS001", "var x = db.Posts.AsEnumerable().Where(p => p.Id == id).AsQueryable().[|Cacheable|]().ToList();")]
    [InlineData("FQS002", "db.Posts.Where(p => p.Id == id).[|Cacheable|]();")]
    [InlineData("FQS002", "IQueryable<Post> query = db.Posts; query.[|Cacheable|]().OrderBy(p => p.Id); await query.ToListAsync();")]
    [InlineData("FQS002", "IQueryable<Post> query = db.Posts; query.[|NotCacheable|](); await query.ToListAsync();")]
    [InlineData("FQS003", "await using var tx = await db.Database.BeginTransactionAsync(); var x = await db.Posts.[|Cacheable|]().ToListAsync(); await tx.CommitAsync();")]
    [InlineData("FQS003", "using (var tx = db.Database.BeginTransaction()) { if (id > 1) { var x = db.Posts.[|Cacheable|]().Count(); } tx.Commit(); }")]
    [InlineData("FQS003", "using var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled); var x = await db.Posts.[|Cacheable|]().CountAsync(); scope.Complete();")]
    [InlineData("FQS003", "await db.Database.BeginTransactionAsync(); var x = await (from p in db.Posts where p.Id == id select p).[|Cacheable|]().AnyAsync();")]
    [InlineData("FQS004", "var x = await db.Posts.FromSql($\"select * from posts\").[|Cacheable|]().ToListAsync();")]
    [InlineData("FQS004", "var x = await db.Posts.FromSqlRaw(\"select * from posts\").OrderBy(p => p.Id).[|Cacheable|](\"Static\").ToListAsync();")]
    [InlineData("FQS004", "var x = await db.Database.SqlQuery<int>($\"select 1\").[|Cacheable|](o => o.Ttl(TimeSpan.FromMinutes(1)).Named(\"One\")).ToListAsync();")]
    [InlineData("FQS005", "var x = await db.Posts.Where(p => p.PublishedAt < [|DateTime.UtcNow|]).Cacheable().ToListAsync();")]
    [InlineData("FQS005", "var x = await db.Posts.Cacheable().CountAsync(p => p.PublishedAt < [|DateTime.UtcNow|].AddDays(-7));")]
    [InlineData("FQS005", "var since = DateTime.UtcNow.AddDays(-7); var x = await db.Posts.Where(p => p.PublishedAt > [|since|]).Cacheable().ToListAsync();")]
    [InlineData("FQS005", "var x = await db.Authors.Where(a => a.Name != [|Guid.NewGuid()|].ToString()).Cacheable().ToListAsync();")]
    [InlineData("FQS005", "var x = await db.Posts.OrderBy(p => [|EF.Functions.Random()|]).Cacheable().Take(1).ToListAsync();")]
    [InlineData("FQS006", "var x = await db.Posts.Cacheable([|TimeSpan.Zero|]).ToListAsync();")]
    [InlineData("FQS006", "var x = await db.Posts.Cacheable([|Timeout.InfiniteTimeSpan|]).ToListAsync();")]
    [InlineData("FQS006", "var x = await db.Posts.Cacheable([|TimeSpan.FromDays(366)|]).ToListAsync();")]
    [InlineData("FQS006", "var x = await db.Posts.Cacheable(o => o.L1Ttl([|TimeSpan.FromMinutes(-5)|]).L2Ttl([|default|])).ToListAsync();")]
    [InlineData("FQS006", "new ModelBuilder().Entity<Post>().HasCacheTtl([|TimeSpan.MaxValue|]);")]
    [InlineData("FQS007", "services.AddFraiseQLState<BlogContext>().OnEvent<Post>(\"post_created\", async (change, context, token) => await Helper.[|SendAsync|](change.EntityId));")]
    [InlineData("FQS007", "services.AddFraiseQLState<BlogContext>().OnEvent<Post>(ChangeKind.Created, async (change, context, token) => await Helper.[|IndexAsync|](change.EntityId));")]
    [InlineData("FQS008", "var x = await db.Posts.Where(p => p.Id == id).[|Cacheable|]().ExecuteDeleteAsync();")]
    [InlineData("FQS008", "var x = db.Posts.[|Cacheable|]().Where(p => p.Id == id).ExecuteUpdate(s => s.SetProperty(p => p.Views, 1));")]
    [InlineData("FQS009", "var x = await db.Authors.Where(a => db.Posts.[|Cacheable|]().Any(p => p.AuthorId == a.Id)).ToListAsync();")]
    [InlineData("FQS009", "var x = await db.Authors.Join(db.Posts.[|Cacheable|](), a => a.Id, p => p.AuthorId, (a, p) => p).ToListAsync();")]
    [InlineData("FQS009", "var x = await db.Posts.Concat(db.Posts.Where(p => p.Id == id).[|Cacheable|]()).ToListAsync();")]
    public async Task Wrong_use_is_underlined(string rule, string snippet) => Assert.Equal([rule], await Snippet.ReportedAsync(snippet));

    [Fact]
    public async Task A_handler_class_that_ignores_its_token_is_underlined_and_a_class_that_passes_it_is_not()
        => Assert.Equal(["FQS007"], await Snippet.ReportedAsync("""
            }
            public sealed class Forgetful : IChangeHandler<Post>
            {
                public async Task HandleAsync(ChangeEvent<Post> change, ChangeContext context, CancellationToken cancellationToken)
                    => await context.Cache.[|InvalidateTagAsync|]("trending");
            }
            public sealed class Careful : IChangeHandler<Post>
            {
                public async Task HandleAsync(ChangeEvent<Post> change, ChangeContext context, CancellationToken cancellationToken)
                {
                    await context.Cache.InvalidateTagAsync("trending", cancellationToken);
                    await Helper.SendAsync("x", CancellationToken.None);
                    await OtherAsync();
                }
                private static Task OtherAsync() => Helper.SendAsync("y");
            """));

    [Theory]
    [InlineData("var x = await db.Posts.Where(p => p.AuthorId == id).Cacheable().ToListAsync(cancellationToken);")]
    [InlineData("IQueryable<Post> query = db.Posts; query = query.Cacheable(); await query.ToListAsync();")]
    [InlineData("var x = db.Posts.AsEnumerable().AsQueryable().Cacheable().ToList();")]
    [InlineData("var x = db.Posts.AsQueryable().Cacheable().ToList();")]
    [InlineData("IEnumerable<Post> posts = db.Posts; var x = posts.AsQueryable().Cacheable().ToList();")]
    [InlineData("var x = await db.Posts.Cacheable().ToListAsync(); await using var tx = await db.Database.BeginTransactionAsync(); await tx.CommitAsync();")]
    [InlineData("await using (var tx = await db.Database.BeginTransactionAsync()) { await tx.CommitAsync(); } var x = await db.Posts.Cacheable().ToListAsync();")]
    [InlineData("await using var tx = await db.Database.BeginTransactionAsync(); await tx.CommitAsync(); var x = await db.Posts.Cacheable().ToListAsync();")]
    [InlineData("await using var tx = await db.Database.BeginTransactionAsync(); var x = await other.Posts.Cacheable().ToListAsync();")]
    [InlineData("await using var tx = await db.Database.BeginTransactionAsync(); var x = await db.Posts.NotCacheable().ToListAsync();")]
    [InlineData("await using var tx = await db.Database.BeginTransactionAsync(); Func<Task<int>> later = () => db.Posts.Cacheable().CountAsync(); await tx.CommitAsync(); await later();")]
    [InlineData("using var scope = new TransactionScope(TransactionScopeOption.Suppress); var x = db.Posts.Cacheable().Count();")]
    [InlineData("var x = await db.Posts.FromSql($\"select * from posts\").Cacheable(o => o.DependsOn<Post>()).ToListAsync();")]
    [InlineData("var x = await db.Database.SqlQuery<int>($\"select 1\").Cacheable(o => o.Tags(\"one\")).ToListAsync();")]
    [InlineData("var x = await db.Database.SqlQuery<int>($\"select 1\").Cacheable(o => o.UntilExpired().Ttl(TimeSpan.FromSeconds(5))).ToListAsync();")]
    [InlineData("Action<CacheableOptionsBuilder> how = o => o.DependsOn<Post>(); var x = await db.Posts.FromSql($\"select * from posts\").Cacheable(how).ToListAsync();")]
    [InlineData("var today = DateTime.UtcNow.Date; var x = await db.Posts.Where(p => p.PublishedAt > today).Cacheable().ToListAsync();")]
    [InlineData("var since = Helper.Round(DateTime.UtcNow); var x = await db.Posts.Where(p => p.PublishedAt > since).Cacheable().ToListAsync();")]
    [InlineData("var now = DateTime.UtcNow; now = now.Date; var x = await db.Posts.Where(p => p.PublishedAt > now).Cacheable().ToListAsync();")]
    [InlineData("var n = Random.Shared.Next(5); var x = await db.Posts.Cacheable().Skip(n).Take(1).ToListAsync();")]
    [InlineData("var since = DateTime.UtcNow; var x = await db.Posts.Where(p => p.PublishedAt > since).ToListAsync();")]
    [InlineData("var ttl = TimeSpan.FromSeconds(id); var x = await db.Posts.Cacheable(ttl).ToListAsync(); await db.Posts.Cacheable(TimeSpan.FromMinutes(1.5)).ToListAsync();")]
    [InlineData("services.AddFraiseQLState<BlogContext>().OnEvent<Post>(\"post_created\", async (change, context, token) => await Helper.SendAsync(change.EntityId, token));")]
    [InlineData("services.AddFraiseQLState<BlogContext>().OnEvent<Post>(\"post_created\", (change, context, _) => { Console.WriteLine(change.Id); return Task.CompletedTask; });")]
    [InlineData("await Helper.SendAsync(\"x\");")]
    [InlineData("var compiled = EF.CompileAsyncQuery((BlogContext c, int a) => c.Posts.Where(p => p.AuthorId == a).Cacheable());")]
    [InlineData("var x = await db.Authors.Where(a => db.Posts.Any(p => p.AuthorId == a.Id)).Cacheable().ToListAsync();")]
    [InlineData("var x = await db.Posts.Cacheable().Join(db.Authors, p => p.AuthorId, a => a.Id, (p, a) => a).ToListAsync();")]
    [InlineData("var x = await db.Posts.Where(p => p.Id == id).ExecuteDeleteAsync();")]
    public async Task Right_use_is_not(string snippet) => Assert.Empty(await Snippet.ReportedAsync(snippet));
}
