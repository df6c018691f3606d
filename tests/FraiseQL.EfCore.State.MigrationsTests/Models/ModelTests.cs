using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.MigrationsTests.Models;

/// <summary>Each shape and each change of a model: up, writes, down, up, away; by the operations and the SQL that its migration has.</summary>
public abstract class ModelTests(PostgresRelease release)
{
    public static TheoryData<string> Changes => [.. ModelChanges.All.Keys];

    public static TheoryData<string> Shapes => [.. ModelShapes.All.Keys];

    [Theory]
    [MemberData(nameof(Changes))]
    [Feature("P-migrations")]
    public Task A_change_of_the_model_goes_up_and_down_and_writes_are_captured(string change) => GoAsync(ModelChanges.All[change]);

    [Theory]
    [MemberData(nameof(Shapes))]
    [Feature("P-migrations")]
    [Feature("U-10-key-types")]
    [Feature("U-14-inheritance")]
    public Task A_shape_goes_up_and_down_and_writes_are_captured(string shape) => GoAsync(ModelShapes.All[shape]);

    private async Task GoAsync(ModelCase model)
    {
        Assert.Empty(ModelDatabase.Differences(model.Before, model.Before));
        Assert.Empty(ModelDatabase.Differences(model.After, model.After));

        var database = await ModelDatabase.CreateAsync(release);
        await database.MigrateAsync(model.Before);
        var before = await CapturesAsync(database);
        await database.MigrateAsync(model.After);
        Assert.Empty(await database.ProblemsAsync());
        var after = await CapturesAsync(database);
        Assert.Equal(model.Events.ReplaceLineEndings("\n"), await database.EventsAsync(model.Writes));

        // Rows that the model before cannot hold are not the subject.
        await database.RunAsync("do $$ declare t regclass; begin for t in select oid from pg_class where relkind = 'r' and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema', 'fraiseql') loop execute 'truncate ' || t || ' cascade'; end loop; end $$");
        await database.MigrateAsync(model.Before);
        Assert.Empty(await database.ProblemsAsync());
        Assert.Equal(before, await CapturesAsync(database));

        await database.MigrateAsync(model.After);
        Assert.Equal(after, await CapturesAsync(database));
        Assert.Equal(model.Events.ReplaceLineEndings("\n"), await database.EventsAsync(model.Writes));

        await database.MigrateAsync(_ => { });
        Assert.Equal("", await CapturesAsync(database));
    }

    private static Task<string> CapturesAsync(ModelDatabase database) => database.LinesAsync(
        """
        select concat_ws(' ', p.proname, string_agg(t.tgrelid::regclass || '.' || t.tgname, ' ' order by t.tgname), pg_catalog.obj_description(p.oid, 'pg_proc'), md5(p.prosrc))
        from pg_proc p left join pg_trigger t on t.tgfoid = p.oid
        where p.pronamespace = (select oid from pg_namespace where nspname = 'fraiseql') and p.prorettype = 'trigger'::regtype
        group by p.oid order by p.proname collate "C"
        """);
}

public sealed class ModelTestsAtHand() : ModelTests(PostgresRelease.AtHand);

public sealed class ModelTestsOn18() : ModelTests(PostgresRelease.Eighteen);
