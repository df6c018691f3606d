using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit.Abstractions;

namespace FraiseQL.EfCore.State.PostgresTests.Writes;

/// <summary><c>Cdc:Triggers=false</c> under random writes: the log that the application writes is exact, and in the order of the commits.</summary>
[Feature("S8.2-triggers")]
public sealed class WithoutTriggersStormTests(ITestOutputHelper output)
{
    private const int Keepers = 12;

    [Fact]
    [Feature("U-45-transactions")]
    public async Task Random_scripts_log_what_triggers_would_have_logged()
    {
        var first = Random.Shared.Next(1_000_000);
        output.WriteLine($"first seed {first}");
        await using var with = await WorldAsync<TriggeredKennel>(triggers: true);
        await using var without = await WorldAsync<UntriggeredKennel>(triggers: false);
        for (var seed = first; seed < first + 25; seed++)
        {
            var expected = await with.RunAsync(db => ScriptAsync(db, new Random(seed)));
            var actual = await without.RunAsync(db => ScriptAsync(db, new Random(seed)));
            Assert.True(expected.Count > 0, $"seed {seed}: nothing was logged");
            var differs = Enumerable.Range(0, Math.Max(expected.Count, actual.Count)).FirstOrDefault(i => expected.ElementAtOrDefault(i) != actual.ElementAtOrDefault(i), -1);
            Assert.True(differs < 0, $"seed {seed}: {actual.ElementAtOrDefault(differs)}\ninstead of\n{expected.ElementAtOrDefault(differs)}");
        }
    }

    [Fact]
    [Feature("U-05-outbox-after-lock")]
    [Feature("S2.2-all-changes")]
    public async Task Many_writers_at_once_leave_a_log_that_folds_to_the_table_in_the_order_of_their_commits()
    {
        await using var world = await WorldAsync<UntriggeredKennel>(triggers: false);
        await world.WriteAsync(async db =>
        {
            db.AddRange(Enumerable.Range(1, Keepers).Select(i => new Keeper { Name = $"{i}" }));
            await db.SaveChangesAsync();
        });
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var committed = 0;
        await Task.WhenAll(Enumerable.Range(0, 6).Select(writer => Task.Run(async () =>
        {
            var random = new Random(seed + writer);
            for (var n = 0; n < 60; n++)
            {
                try
                {
                    await world.WriteAsync(db => RaiseAsync(db, random));
                    Interlocked.Increment(ref committed);
                }
                catch (DbUpdateConcurrencyException)
                {
                    // Another writer was there first.
                }
                catch (Exception error) when (error.GetBaseException() is PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected })
                {
                    // Two writers met.
                }
            }
        })));
        Assert.True(committed > 50, $"only {committed} commits");

        var rows = await Stock.LinesAsync(world.Database, """select concat_ws('|', "Id", "Name", "Revision") from keepers order by "Id" """);
        var fold = new SortedDictionary<int, string>();
        var revisions = new Dictionary<int, int>();
        foreach (var line in await Stock.LinesAsync(world.Database, "select data::text from fraiseql.change_event where entity = 'Keeper' order by seq"))
        {
            using var data = JsonDocument.Parse(line);
            var (id, revision) = (data.RootElement.GetProperty("Id").GetInt32(), data.RootElement.GetProperty("Revision").GetInt32());
            Assert.Equal(revisions.TryGetValue(id, out var before) ? before + 1 : 0, revision);
            revisions[id] = revision;
            fold[id] = $"{id}|{data.RootElement.GetProperty("Name").GetString()}|{revision}";
        }

        Assert.Equal(rows, fold.Values);
    }

    // Each keeper is raised by one at most in a transaction, so that each event's revision follows the one before.
    private static async Task RaiseAsync(UntriggeredKennel db, Random random)
    {
        await using var transaction = random.Next(2) == 0 ? await db.Database.BeginTransactionAsync() : null;
        foreach (var id in Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(1, Keepers + 1)).Distinct())
        {
            var keeper = await db.Keepers.SingleAsync(k => k.Id == id);
            if (transaction is not null && random.Next(3) == 0)
            {
                await transaction.CreateSavepointAsync("s");
                keeper.Revision++;
                keeper.Name = "undone";
                await db.SaveChangesAsync();
                await transaction.RollbackToSavepointAsync("s");
                await db.Entry(keeper).ReloadAsync();
            }

            keeper.Revision++;
            keeper.Name = $"{random.Next()}";
            await db.SaveChangesAsync();
        }

        if (transaction is null)
        {
            return;
        }

        await (random.Next(4) == 0 ? transaction.RollbackAsync() : transaction.CommitAsync());
    }

    private static async Task ScriptAsync(Kennel db, Random random)
    {
        for (var step = 0; step < 8; step++)
        {
            await using var transaction = random.Next(3) == 0 ? await db.Database.BeginTransactionAsync() : null;
            for (var writes = random.Next(1, 4); writes > 0; writes--)
            {
                var savepoint = transaction is not null && random.Next(4) == 0;
                if (savepoint)
                {
                    await transaction!.CreateSavepointAsync("s");
                }

                await ChangeAsync(db, random);
                await db.SaveChangesAsync();
                if (savepoint && random.Next(2) == 0)
                {
                    await transaction!.RollbackToSavepointAsync("s");
                    db.ChangeTracker.Clear();
                }
            }

            if (transaction is not null)
            {
                await (random.Next(3) == 0 ? transaction.RollbackAsync() : transaction.CommitAsync());
            }

            db.ChangeTracker.Clear();
        }
    }

    private static async Task ChangeAsync(Kennel db, Random random)
    {
        var keepers = await db.Keepers.OrderBy(k => k.Id).ToListAsync();
        var animals = await db.Set<Animal>().OrderBy(a => a.Id).ToListAsync();
        switch (random.Next(8))
        {
            case 0:
                db.Add(new Keeper { Name = $"k{random.Next(9)}", Home = random.Next(2) == 0 ? new Home { Street = "s" } : null, Phone = new Phone { Number = "1" } });
                break;
            case 1:
                db.Add(new Vet { Name = "v", School = $"{random.Next(9)}", Notes = [new Note { Text = "n" }] });
                break;
            case 2:
                db.Add(new Dog { Name = "d", Barks = random.Next(2) == 0, KeeperId = keepers.Count > 0 ? keepers[random.Next(keepers.Count)].Id : null });
                break;
            case 3 when keepers.Count > 0:
                var keeper = keepers[random.Next(keepers.Count)];
                keeper.Name = $"k{random.Next(3)}";
                keeper.Home = random.Next(3) == 0 ? null : new Home { Street = $"{random.Next(3)}" };
                keeper.Notes.Add(new Note { Text = $"{random.Next(3)}" });
                break;
            case 4 when animals.Count > 0:
                var animal = animals[random.Next(animals.Count)];
                (animal.Name, animal.KeeperId) = ($"a{random.Next(3)}", keepers.Count > 0 && random.Next(2) == 0 ? keepers[random.Next(keepers.Count)].Id : null);
                break;
            case 5 when animals.Count > 0:
                var visited = animals[random.Next(animals.Count)].Id;
                var reason = $"r{random.Next(3)}";
                if (await db.Visits.SingleOrDefaultAsync(v => v.AnimalId == visited && v.Reason == reason) is { } visit)
                {
                    (visit.Weight, visit.Diagnosis, visit.Bill) = (random.Next(3), $"{random.Next(2)}", $"{random.Next(2)}");
                }
                else
                {
                    db.Add(new Visit { AnimalId = visited, Reason = reason, Diagnosis = "d", Bill = "b" });
                }

                break;
            case 6 when animals.Count > 1:
                db.Remove(animals[random.Next(animals.Count)]);
                break;
            case 7 when keepers.Count > 1 && animals.All(a => a.KeeperId != keepers[^1].Id):
                db.Remove(keepers[^1]);
                break;
            default:
                db.Add(new Animal { Name = "a" });
                break;
        }
    }

    private static async Task<World<TContext>> WorldAsync<TContext>(bool triggers)
        where TContext : Kennel
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync();
        var services = new ServiceCollection();
        services.AddDbContext<TContext>(o => o.UseNpgsql(database).UseFraiseQLState());
        services.AddFraiseQLState<TContext>(configure: o => (o.Cdc.Enabled, o.Cdc.Triggers) = (false, triggers));
        var world = new World<TContext>(services.BuildServiceProvider(), database);
        await world.WriteAsync(db => db.Database.EnsureCreatedAsync());
        return world;
    }

    private sealed class World<TContext>(ServiceProvider services, string database) : IAsyncDisposable
        where TContext : Kennel
    {
        private long _logged;

        public string Database => database;

        public async Task WriteAsync(Func<TContext, Task> write)
        {
            await using var scope = services.CreateAsyncScope();
            await write(scope.ServiceProvider.GetRequiredService<TContext>());
        }

        /// <summary>
        /// Runs a script and answers what it has logged, but for what the application adds where the database may change rows by itself (cascades): that some
        /// may have changed.
        /// </summary>
        public async Task<List<string>> RunAsync(Func<TContext, Task> script)
        {
            await WriteAsync(script);
            var lines = await Stock.LinesAsync(
                database,
                $"select concat_ws('|', entity, relation, op, key, before, after, array_to_string(cols, ','), data, old) from fraiseql.change_event where op <> 'M' and seq > {_logged} order by relation, key::text, seq");
            _logged = long.Parse((await Stock.LinesAsync(database, "select coalesce(max(seq), 0)::text from fraiseql.change_event"))[0], null);
            return lines;
        }

        public ValueTask DisposeAsync() => services.DisposeAsync();
    }
}
