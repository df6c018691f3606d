using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using FraiseQL.EfCore.State.PostgresTests.Shapes;
using FraiseQL.EfCore.State.Writes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.PostgresTests.Precision;

/// <summary>Waits until a node has applied everything that is committed now.</summary>
internal static class LedgerWaits
{
    public static Task CaughtUpAsync(this Node node, string connectionString) => CaughtUpAsync(node.CreateContext, connectionString);

    public static Task CaughtUpAsync(this ShapesNode node, string connectionString) => CaughtUpAsync(() => node.CreateContext(), connectionString);

    public static async Task CaughtUpAsync(Func<DbContext> create, string connectionString)
    {
        var now = await CaughtUp.CommittedAsync(connectionString);
        await using var db = create();
        var ledger = LedgerOf(db);
        await Eventually.Until(() => ledger.Position is { } position && position.Contains(now), TimeSpan.FromSeconds(20));
    }

    private static FreshnessLedger LedgerOf(DbContext db) => db.GetService<StateSession>().DatabaseOf(db.GetService<IRelationalConnection>()).Ledger;
}
