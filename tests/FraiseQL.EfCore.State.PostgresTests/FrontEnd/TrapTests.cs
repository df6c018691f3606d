using System.Linq.Expressions;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using FraiseQL.EfCore.State.PostgresTests.Shapes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace FraiseQL.EfCore.State.PostgresTests.FrontEnd;

/// <summary>Queries that look alike and are not: each execution is seen with the front end and without.</summary>
public sealed class TrapTests(TrapTests.World world) : IClassFixture<TrapTests.World>
{
    private readonly int _compiledBefore = world.Fast.Compiled;
    private readonly int _knownBefore = world.Fast.KnownShapes;
    private readonly int _othersBefore = world.Fast.OtherShapes;

    private int Compiled => world.Fast.Compiled - _compiledBefore;

    private int Known => world.Fast.KnownShapes - _knownBefore;

    private int Others => world.Fast.OtherShapes - _othersBefore;

    [Fact]
    public async Task A_query_with_captured_values_is_known_after_one_execution()
    {
        for (var i = 1; i < 4; i++)
        {
            var id = i;
            var text = i == 2 ? null : "Post 1.1";
            await BothAsync(db => db.Posts.Where(p => p.Id > id && p.Title != text).OrderBy(p => p.Id).Skip(i + 2).Take(2));
        }

        Assert.Equal((1, 1, 0), (Compiled, Known, Others));
    }

    [Fact]
    public async Task Queries_that_differ_in_one_constant_member_type_or_operator_are_different()
    {
        for (var i = 0; i < 2; i++)
        {
            var n = i;
            await BothAsync(db => db.Posts.Where(p => p.Views > 12));
            await BothAsync(db => db.Posts.Where(p => p.Views > 22));
            await BothAsync(db => db.Posts.Where(p => p.Id > 12));
            await BothAsync(db => db.Posts.Where(p => p.Views < 12));
            await BothAsync(db => db.Posts.Where(p => p.Rating > 1.0m));
            await BothAsync(db => db.Posts.Where(p => p.Rating > 1.00m));
            await BothAsync(db => db.Posts.Select(p => EF.Property<int>(p, "Views")));
            await BothAsync(db => db.Posts.Select(p => EF.Property<int?>(p, "Views")));
            await BothAsync(db => db.Posts.Select(p => new { A = p.Id, B = n }));
            await BothAsync(db => db.Posts.Select(p => new { B = p.Id, A = n }));
            await BothAsync(db => db.Posts.TagWith("one"));
            await BothAsync(db => db.Posts.TagWith("two"));
            await BothAsync(db => db.Posts.Include("Tags"));
            await BothAsync(db => db.Posts.Include("Comments"));
            await BothAsync(db => db.Posts.AsNoTracking());
        }

        Assert.True(Known >= 14, $"{Known} shapes are known");
    }

    [Fact]
    public async Task Queries_that_differ_in_which_parameter_a_lambda_uses_are_different()
    {
        for (var i = 0; i < 2; i++)
        {
            await BothAsync(db => db.Posts.SelectMany(p => p.Author!.Posts, (p, o) => p.Id - o.Id));
            await BothAsync(db => db.Posts.SelectMany(p => p.Author!.Posts, (p, o) => o.Id - p.Id));
            await BothAsync(db => db.Posts.Where(p => p.Comments.Any(c => c.Post!.Comments.Any(d => d.Id < c.Id))));
            await BothAsync(db => db.Posts.Where(p => p.Comments.Any(c => c.Post!.Comments.Any(d => c.Id < d.Id))));
            await BothAsync(db => db.Posts.Where(post => post.Id == 3));
            await BothAsync(db => db.Posts.Where(p => p.Id == 3));
        }
    }

    [Fact]
    public async Task Equal_numbers_of_a_page_are_one_parameter_and_different_ones_are_two()
    {
        foreach (var (skip, take) in ((int, int)[])[(1, 1), (2, 1), (1, 1), (3, 3), (1, 2)])
        {
            await BothAsync(db => db.Posts.OrderBy(p => p.Id).Skip(skip).Take(take));
        }

        Assert.Equal(2, Known);
    }

    [Fact]
    public async Task One_object_captured_twice_and_two_objects_are_different()
    {
        for (var i = 1; i < 3; i++)
        {
            var n = i;
            await BothAsync(db => After(After(db.Posts, n), n + 3));
            await BothAsync(db => After(After(db.Posts, n), n));
            await BothAsync(db =>
            {
                var filter = Filter(n);
                return db.Posts.Where(filter).Where(filter);
            });
            await BothAsync(db => db.Posts.Where(Filter(n)).Where(Filter(n + 3)));
        }

        static IQueryable<Post> After(IQueryable<Post> posts, int id) => posts.Where(p => p.Id > id);
        static Expression<Func<Post, bool>> Filter(int id) => p => p.Id > id;
    }

    [Fact]
    public async Task A_captured_value_may_be_null_or_of_another_type_or_a_query_the_next_time()
    {
        foreach (var value in (object?[])[1, null, "text", 2L, 3])
        {
            await BothAsync(db => db.Posts.Where(p => p.Id.Equals(value)));
        }

        for (var i = 0; i < 4; i++)
        {
            var query = i;
            await BothAsync(db =>
            {
                IEnumerable<Post>? posts = query switch { 0 or 3 => null, 1 => db.Posts.Where(p => p.Id > 3), _ => db.Posts.Where(p => p.Id < 3) };
                return db.Authors.Where(a => posts!.Any(p => p.AuthorId == a.Id));
            });
        }
    }

    [Fact]
    public async Task A_path_that_ends_at_null_fails_with_EFs_words_also_when_it_did_not_before()
    {
        foreach (var holder in (Author?[])[new Author { Name = "Author 1" }, null, new Author { Name = "Author 2" }])
        {
            await BothAsync(db => db.Authors.Where(a => a.Name == holder!.Name));
        }

        Assert.Equal(1, Known);
    }

    [Fact]
    public async Task A_flag_that_EF_decides_by_its_value_is_decided_each_time()
    {
        foreach (var flag in (bool?[])[null, true, false, null, true])
        {
            await BothAsync(db => db.Posts.Where(p => (flag ?? p.Id > 3) || p.Id == 1));
            var any = flag == true;
            await BothAsync(db => db.Posts.Where(p => any || p.Id == 1));
            await BothAsync(db => db.Posts.Where(p => any ? p.Id == 2 : p.Id == 1));
        }
    }

    [Fact]
    public async Task A_list_that_is_changed_between_two_executions_is_read_again()
    {
        List<int> ids = [1];
        int[] array = [1, 2];
        for (var i = 2; i < 5; i++)
        {
            await BothAsync(db => db.Posts.Where(p => ids.Contains(p.Id)));
            await BothAsync(db => db.Posts.Where(p => array.Contains(p.Id)));
            ids.Add(i);
            array[0] = i;
        }

        Assert.Equal(2, Known);
    }

    [Fact]
    public async Task Tracking_that_is_set_on_the_context_is_part_of_the_query()
    {
        foreach (var tracking in (QueryTrackingBehavior[])[QueryTrackingBehavior.TrackAll, QueryTrackingBehavior.NoTracking, QueryTrackingBehavior.TrackAll])
        {
            await SameAsync(async db =>
            {
                db.ChangeTracker.QueryTrackingBehavior = tracking;
                return Graph.Of(await db.Posts.Where(p => p.Id < 3).Cacheable().ToListAsync());
            });
        }
    }

    [Fact]
    public async Task A_filter_that_reads_the_context_is_read_each_time()
    {
        foreach (var tenant in (string?[])["red", "blue", null, "red"])
        {
            await SameAsync(async db =>
            {
                db.Tenant = tenant;
                var first = Graph.Of(await db.Documents.Cacheable().ToListAsync());
                db.Tenant = "blue";
                return first + Graph.Of(await db.Documents.Cacheable().ToListAsync());
            });
        }
    }

    [Fact]
    public async Task A_getter_may_execute_a_query_itself()
    {
        for (var i = 1; i < 4; i++)
        {
            await SameAsync(async db =>
            {
                var holder = new Counting(db, i);
                return Graph.Of(await db.Posts.Where(p => p.Id < holder.Count && p.Id != i).Cacheable().ToListAsync());
            });
        }
    }

    [Fact]
    public async Task A_query_that_is_too_long_goes_EFs_way()
    {
        Expression<Func<Post, bool>> filter = p => p.Id == 1;
        for (var i = 2; i < 600; i++)
        {
            filter = Expression.Lambda<Func<Post, bool>>(
                Expression.OrElse(filter.Body, Expression.Equal(Expression.Property(filter.Parameters[0], "Id"), Expression.Constant(i))), filter.Parameters);
        }

        await BothAsync(db => db.Posts.Where(filter));
        await BothAsync(db => db.Posts.Where(filter));
        Assert.Equal((0, 0), (Known, Others));
    }

    [Fact]
    public async Task Compiled_queries_and_queries_without_a_mark_are_untouched()
    {
        for (var i = 1; i < 4; i++)
        {
            await SameAsync(async db =>
            {
                var compiled = EF.CompileAsyncQuery((BlogContext db, int id) => db.Posts.Where(p => p.Id == id).Cacheable(TimeSpan.FromMinutes(1)));
                var found = new List<Post>();
                await foreach (var post in compiled(db, i))
                {
                    found.Add(post);
                }

                found.AddRange(await db.Posts.Where(p => p.Id == i + 1).NotCacheable().ToListAsync());
                found.AddRange(await db.Posts.Where(p => p.Id == i + 2).ToListAsync());
                return Graph.Of(found);
            });
        }

        Assert.Equal((0, 0), (Known, Others));
    }

    [Fact]
    public async Task A_context_that_is_disposed_says_what_it_says_without_the_front_end()
    {
        var messages = new List<string>();
        foreach (var one in (FrontEndWorld[])[world.Plain, world.Fast])
        {
            await one.SeeAsync(async db => Graph.Of(await db.Posts.Cacheable().ToListAsync()));
            var context = one.CreateContext();
            var query = context.Posts.Cacheable();
            await context.DisposeAsync();
            messages.Add((await Assert.ThrowsAsync<ObjectDisposedException>(() => query.ToListAsync())).Message);
        }

        Assert.Equal(messages[0], messages[1]);
    }

    [Fact]
    public async Task Two_models_and_two_databases_in_one_process_are_kept_apart()
    {
        var other = await PostgresServer.CreateSharedDatabaseAsync();
        await Seed.CreateAsync(other);
        await Seed.ExecuteAsync(other, """UPDATE "Posts" SET "Title" = 'other'""");
        for (var i = 1; i < 4; i++)
        {
            var id = i + 5;
            await using var first = new BlogContext(Options(world.ConnectionString));
            await using var second = new BlogContext(Options(other));
            await using var filtered = new FilteredContext(Options(world.ConnectionString));
            Assert.Same(first.GetService<State.FrontEnd.ShapeTable>(), second.GetService<State.FrontEnd.ShapeTable>());
            Assert.StartsWith("Post", (await Query(first, id).SingleAsync()).Title, StringComparison.Ordinal);
            Assert.Equal("other", (await Query(second, id).SingleAsync()).Title);
            Assert.Empty(await Query(filtered, id).ToListAsync());
        }

        static IQueryable<Post> Query(BlogContext db, int id) => db.Posts.Where(p => p.Id == id).Cacheable();
        static DbContextOptions Options(string connectionString)
            => new DbContextOptionsBuilder().UseNpgsql(connectionString).UseFraiseQLState(o => o.UseFastFrontEnd()).Options;
    }

    [Fact]
    public async Task Many_contexts_learn_and_use_the_same_shapes_at_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(task => Task.Run(async () =>
        {
            for (var i = 0; i < 60; i++)
            {
                await using var db = world.Fast.CreateContext();
                var id = 1 + ((task + i) % 12);
                var other = 1 + ((id + i) % 12);
                Assert.Equal(id, (await db.Posts.Where(p => p.Id == id).Cacheable().SingleAsync()).Id);
                Assert.Equal(
                    ((int[])[id, other]).Distinct().Order(),
                    await db.Posts.Where(p => p.Id == id || p.Id == other).Select(p => p.Id).OrderBy(i => i).Cacheable().ToListAsync());
            }
        })));
    }

    private Task BothAsync<T>(Func<BlogContext, IQueryable<T>> query)
        => SameAsync(async db =>
        {
            try
            {
                return Graph.Of(await query(db).Cacheable(TimeSpan.FromMinutes(5)).ToListAsync());
            }
            catch (Exception refused) when (refused is not NullReferenceException)
            {
                return $"{refused.Message} {refused.InnerException?.Message}";
            }
        });

    private async Task SameAsync(Func<BlogContext, Task<string>> ask)
    {
        var expected = await world.Plain.SeeAsync(ask);
        Assert.Equal(expected, await world.Fast.SeeAsync(ask));
    }

    public sealed class World : IAsyncLifetime
    {
        public string ConnectionString { get; private set; } = "";

        internal FrontEndWorld Plain { get; private set; } = null!;

        internal FrontEndWorld Fast { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            ConnectionString = await PostgresServer.CreateSharedDatabaseAsync();
            await Seed.CreateAsync(ConnectionString);
            (Plain, Fast) = (new(ConnectionString, frontEnd: false), new(ConnectionString, frontEnd: true));
        }

        public Task DisposeAsync() => Task.CompletedTask;
    }

    private sealed class Counting(BlogContext db, int least)
    {
        public int Count => db.Posts.Where(p => p.Id > least).Cacheable().Count();
    }

    private sealed class FilteredContext(DbContextOptions options) : BlogContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            base.OnModelCreating(modelBuilder);
            modelBuilder.Entity<Post>().HasQueryFilter(p => p.Id < 3);
        }
    }
}
