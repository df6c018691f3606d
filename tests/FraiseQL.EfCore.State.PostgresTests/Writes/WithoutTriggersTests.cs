using FraiseQL.EfCore.State.Listener;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.PostgresTests.Writes;

/// <summary><c>Cdc:Triggers=false</c>: the application writes the log itself.</summary>
public sealed class WithoutTriggersTests
{
    [Fact]
    [Feature("S8.2-triggers")]
    [Feature("U-05-outbox-after-lock")]
    public async Task The_log_is_what_triggers_would_have_written()
    {
        var with = await RunAsync<TriggeredKennel>(triggers: true);
        var without = await RunAsync<UntriggeredKennel>(triggers: false);
        Assert.True(with.Count > 25);
        Assert.Equal(with, without);
    }

    [Fact]
    [Feature("S8.2-triggers")]
    public async Task Two_nodes_see_each_others_writes()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        var heard = new List<string>();
        using var a = Node(database, triggers: false, state: s => s.OnEvent<Keeper>("keeper_updated", (change, _, _) =>
        {
            lock (heard)
            {
                heard.Add(change.EntityId);
                return Task.CompletedTask;
            }
        }));
        using var b = Node(database, triggers: false);
        await using (var scope = a.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<UntriggeredKennel>();
            await db.Database.EnsureCreatedAsync();
            Assert.Equal(0, await db.Database.SqlQueryRaw<int>("select count(*)::int as \"Value\" from pg_trigger where tgname like 'fraiseql%'").SingleAsync());
        }

        await a.StartAsync();
        await b.StartAsync();
        await Eventually.Until(() => b.Services.GetRequiredKeyedService<ListenerStatus>(typeof(UntriggeredKennel)).Connected);
        Assert.Contains("Cdc:Triggers", string.Join(' ', b.Services.GetRequiredKeyedService<ListenerStatus>(typeof(UntriggeredKennel)).CaptureProblems), StringComparison.Ordinal);

        await WriteAsync(a, async db =>
        {
            db.Add(new Keeper { Name = "one" });
            await db.SaveChangesAsync();
        });
        await SeesAsync(b, "one");
        await WriteAsync(a, async db =>
        {
            (await db.Keepers.SingleAsync()).Name = "two";
            await db.SaveChangesAsync();
        });
        await SeesAsync(b, "two");
        await WriteAsync(a, async db => Assert.Equal(1, await db.Keepers.ExecuteUpdateAsync(s => s.SetProperty(k => k.Name, "three"))));
        await SeesAsync(b, "three");
        await WriteAsync(a, async db => Assert.Equal(1, await db.Database.ExecuteSqlAsync($"update keepers set \"Name\" = {"four"}")));
        await SeesAsync(b, "four");
        await WriteAsync(a, async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await db.Keepers.ExecuteUpdateAsync(s => s.SetProperty(k => k.Name, "never"));
            await transaction.RollbackAsync();
        });
        await Eventually.Until(() =>
        {
            lock (heard)
            {
                return heard.Count(h => h == "keeper-*") >= 2 && heard.Contains("keeper-1");
            }
        });
        await SeesAsync(b, "four");
        await a.StopAsync();
        await b.StopAsync();
    }

    [Fact]
    [Feature("S8.2-triggers")]
    public async Task A_database_that_still_has_triggers_logs_no_change_twice_and_says_so()
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        await using (var first = new TriggeredKennel(new DbContextOptionsBuilder<TriggeredKennel>().UseNpgsql(database).UseFraiseQLState().Options))
        {
            await first.Database.EnsureCreatedAsync();
        }

        using var node = Node(database, triggers: false);
        await node.StartAsync();
        await WriteAsync(node, async db =>
        {
            var keeper = new Keeper { Name = "a" };
            db.Add(keeper);
            await db.SaveChangesAsync();
            keeper.Name = "b";
            await db.SaveChangesAsync();
            await db.Keepers.ExecuteDeleteAsync();
        });

        Assert.Equal(["I", "U", "D"], (await LogAsync(database)).Select(line => line.Split('|')[2]));
        await Eventually.Until(() => string.Join(' ', node.Services.GetRequiredKeyedService<ListenerStatus>(typeof(UntriggeredKennel)).CaptureProblems)
            .Contains("still have triggers", StringComparison.Ordinal));
        await node.StopAsync();
    }

    private static async Task<List<string>> RunAsync<TContext>(bool triggers)
        where TContext : Kennel
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        var services = new ServiceCollection();
        services.AddDbContext<TContext>(o => o.UseNpgsql(database + ";Timezone=Asia/Tokyo").UseFraiseQLState());
        services.AddFraiseQLState<TContext>(configure: o => (o.Cdc.Enabled, o.Cdc.Triggers) = (false, triggers));
        await using var provider = services.BuildServiceProvider();
        await using var scope = provider.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TContext>();
        await db.Database.EnsureCreatedAsync();
        await WorkAsync(db);
        return await LogAsync(database);
    }

    private static async Task WorkAsync(Kennel db)
    {
        var keeper = new Keeper { Name = "Ann", Home = new Home { Street = "A" }, Phone = new Phone { Number = "1" }, Notes = [new Note { Text = "x" }] };
        var vet = new Vet { Name = "Bob", School = "S" };
        db.AddRange(keeper, vet, new Leash());
        await db.SaveChangesAsync();
        var dog = new Dog { Name = "Rex", Barks = true, KeeperId = keeper.Id };
        db.AddRange(dog, new Animal { Name = "Tom" });
        db.SaveChanges();
        var visit = new Visit { AnimalId = dog.Id, Reason = "cut, \"deep\"", Weight = 1.0m, Diagnosis = "secret", Bill = "1" };
        db.AddRange(visit, new Visit { AnimalId = dog.Id, Reason = "b" });
        await db.SaveChangesAsync();
        (visit.Weight, visit.Diagnosis, visit.At) = (1.00m, "other", new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));
        (keeper.Phone!.Number, keeper.Home!.Street) = ("2", "B");
        await db.SaveChangesAsync();
        visit.Bill = "2"; // an excluded column
        keeper.Notes[0].Text = "y";
        dog.Barks = false;
        await db.SaveChangesAsync();
        db.Entry(vet).State = EntityState.Modified; // nothing has changed
        (keeper.Phone, keeper.Home) = (null, null);
        await db.SaveChangesAsync();
        keeper.Home = new Home { Street = "C" };
        dog.KeeperId = null;
        db.SaveChanges();

        await using (var transaction = await db.Database.BeginTransactionAsync())
        {
            vet.School = "T";
            await db.SaveChangesAsync();
            await transaction.CreateSavepointAsync("here");
            vet.School = "U";
            await db.SaveChangesAsync();
            await transaction.RollbackToSavepointAsync("here");
            await transaction.CommitAsync();
        }

        await using (var transaction = await db.Database.BeginTransactionAsync())
        {
            vet.Name = "never";
            await db.SaveChangesAsync();
            await transaction.RollbackAsync();
        }

        db.ChangeTracker.Clear();
        await db.Database.ExecuteSqlRawAsync("set session_replication_role = replica; update keepers set \"Revision\" = 9; set session_replication_role = origin");
        await db.Database.ExecuteSqlRawAsync("delete from fraiseql.change_event where op = 'M'");
        db.Attach(new Vet { Id = vet.Id, Name = "x" }).Entity.Name = "y";
        await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => db.SaveChangesAsync());
        db.ChangeTracker.Clear();
        db.RemoveRange(await db.Visits.ToListAsync());
        db.RemoveRange(await db.Set<Animal>().ToListAsync());
        await db.SaveChangesAsync();
        db.Remove(await db.Keepers.SingleAsync(k => k.Id == keeper.Id));
        await db.SaveChangesAsync();
        await db.Database.ExecuteSqlRawAsync("set session_replication_role = replica; delete from fraiseql.change_event where op = 'M'; set session_replication_role = origin");
    }

    /// <summary>The log without what differs from run to run.</summary>
    private static Task<List<string>> LogAsync(string database) => Stock.LinesAsync(
        database,
        "select concat_ws('|', entity, relation, op, key, before, after, array_to_string(cols, ','), data, old) from fraiseql.change_event where op <> 'M' order by relation, key::text, seq");

    private static IHost Node(string database, bool triggers, Action<FraiseQLStateBuilder>? state = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddDbContext<UntriggeredKennel>(o => o.UseNpgsql(database).UseFraiseQLState());
        var added = builder.Services.AddFraiseQLState<UntriggeredKennel>(configure: o => o.Cdc.Triggers = triggers);
        state?.Invoke(added);
        return builder.Build();
    }

    private static async Task WriteAsync(IHost node, Func<UntriggeredKennel, Task> write)
    {
        await using var scope = node.Services.CreateAsyncScope();
        await write(scope.ServiceProvider.GetRequiredService<UntriggeredKennel>());
    }

    private static Task SeesAsync(IHost node, string name) => Eventually.Until(async () =>
    {
        await using var scope = node.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<UntriggeredKennel>();
        var seen = await db.Keepers.Select(k => k.Name).Cacheable(TimeSpan.FromMinutes(10)).ToListAsync();
        return seen is [var one] && one == name && db.Database.GetCacheOutcome() == CacheOutcome.L1Hit;
    });
}
