using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Npgsql;
using Npgsql.EntityFrameworkCore.PostgreSQL.Infrastructure;

namespace FraiseQL.EfCore.State.PostgresTests.Writes;

/// <summary>Who calls, as an application knows it in each request.</summary>
public sealed class Caller
{
    public string? Tenant { get; set; }

    public string? Name { get; set; }
}

/// <summary>An application with a database of its own, and what its writes have left in the log.</summary>
internal sealed class Stock : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private Stock(ServiceProvider services, string connectionString)
    {
        _services = services;
        ConnectionString = connectionString;
    }

    public string ConnectionString { get; }

    public FakeLogCollector Logs => _services.GetRequiredService<FakeLogCollector>();

    public static async Task<Stock> CreateAsync(
        Action<FraiseQLStateBuilder>? state = null, Action<DbContextOptionsBuilder>? context = null, Action<NpgsqlDbContextOptionsBuilder>? npgsql = null,
        string more = "", Action<FraiseQLStateOptions>? configure = null)
    {
        var database = await PostgresServer.CreateSharedDatabaseAsync() + ";" + more;
        var services = new ServiceCollection();
        services.AddLogging(l => l.AddFakeLogging());
        services.AddScoped<Caller>();
        services.AddDbContext<StockContext>(o =>
        {
            o.UseNpgsql(database, npgsql).UseFraiseQLState();
            context?.Invoke(o);
        });
        state?.Invoke(services.AddFraiseQLState<StockContext>(configure: o =>
        {
            o.Cdc.Enabled = false;
            configure?.Invoke(o);
        }));
        var stock = new Stock(services.BuildServiceProvider(), database);
        await stock.AsAsync(null, null, async db =>
        {
            await db.Database.EnsureCreatedAsync();
            await db.Database.ExecuteSqlRawAsync(
                """
                create procedure book(id int, text text, out stamp int) language plpgsql as $$ begin insert into bookings values (id, text, 42); stamp := 42; end $$;
                create procedure unbook(id int, out affected int) language plpgsql as $$
                    begin delete from bookings b where b."Id" = unbook.id; get diagnostics affected = row_count; end $$;
                delete from fraiseql.change_event;
                """);
        });
        return stock;
    }

    /// <summary>Describes writes by the caller of the context's scope.</summary>
    public static void ByCaller(FraiseQLStateBuilder state) => state.DescribeWrites(w =>
    {
        var caller = w.Services.GetRequiredService<Caller>();
        w.Tenant = caller.Tenant;
        w.Actor = caller.Name;
    });

    public async Task AsAsync(string? tenant, string? name, Func<StockContext, Task> work)
    {
        await using var scope = _services.CreateAsyncScope();
        var caller = scope.ServiceProvider.GetRequiredService<Caller>();
        (caller.Tenant, caller.Name) = (tenant, name);
        await work(scope.ServiceProvider.GetRequiredService<StockContext>());
    }

    /// <summary>Kind and table of each event in the log, with the tenant and the actor that it names.</summary>
    public Task<List<string>> LogAsync() => LinesAsync(
        ConnectionString,
        "select op::text || ' ' || split_part(relation, '.', 2) || ' ' || coalesce((ctx ->> 'tenant') || '/' || (ctx ->> 'actor'), coalesce(ctx::text, '-')) from fraiseql.change_event order by seq");

    /// <summary>The one text column of a query.</summary>
    public static async Task<List<string>> LinesAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var row = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await row.ReadAsync())
        {
            lines.Add(row.GetString(0));
        }

        return lines;
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
