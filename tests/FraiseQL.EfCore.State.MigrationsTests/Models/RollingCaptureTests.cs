using FraiseQL.EfCore.State.Migrations;
using FraiseQL.EfCore.State.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace FraiseQL.EfCore.State.MigrationsTests.Models;

/// <summary>Triggers of one version of the model or of the library, and nodes of another: what a deployment looks like for a while.</summary>
public sealed class RollingCaptureTests
{
    [Fact]
    [Feature("S7.2-triggers")]
    [Feature("P-migrations")]
    public async Task Older_nodes_cache_as_before_when_a_migration_has_added_columns_and_newer_ones_wait_for_it()
    {
        var database = await ModelDatabase.CreateAsync(PostgresRelease.AtHand);
        await database.MigrateAsync(Posts());
        var early = await database.CheckAsync(Posts(b => b.Property<string>("subtitle")));
        Assert.StartsWith("The triggers of public.posts were made from another version of the model.", Assert.Single(early.Problems), StringComparison.Ordinal);
        Assert.Empty(early.Verified);
        Assert.False(early.IsSound);

        await database.MigrateAsync(Posts(b =>
        {
            b.Property<string>("subtitle");
            b.Property<int>("rating");
            b.HasChangeEvents(e => e.DependsOn("rating").PreImage());
        }));
        Assert.Empty(await database.ProblemsAsync());
        var older = await database.CheckAsync(Posts());
        Assert.Equal(["public.posts"], older.Verified);
        Assert.True(older.IsSound);
        Assert.False(older.IsOfModel);
        Assert.Contains("write all that this one needs: queries are cached as usual.", Assert.Single(older.Problems), StringComparison.Ordinal);
    }

    [Fact]
    [Feature("P-migrations")]
    public async Task Triggers_of_an_older_library_go_on_until_the_next_migration_and_those_of_a_newer_one_are_not_judged()
    {
        foreach (var file in (string[])["event_log", "capture", "drop_capture"])
        {
            SqlTemplates.Texts[$"migrations-templates/v998/{file}.sql"] = SqlTemplates.Get("v1", file);
        }

        SqlTemplates.Texts["migrations-templates/v998/capture.sql"] = SqlTemplates.Get("v1", "capture").Replace("return null;", "return null; -- v998", StringComparison.Ordinal);

        var database = await ModelDatabase.CreateAsync(PostgresRelease.AtHand);
        await database.MigrateAsync(Posts());
        var upgraded = await database.CheckAsync(Posts(version: "v998"));
        Assert.Equal(["public.posts"], upgraded.Verified);
        Assert.True(upgraded.IsSound);
        Assert.Contains("`dotnet ef migrations add`", Assert.Single(upgraded.Problems), StringComparison.Ordinal);

        await database.MigrateAsync(Posts(version: "v998"));
        Assert.Empty(await database.ProblemsAsync());
        Assert.True((await database.CheckAsync(Posts())).IsSound);

        await database.RunAsync("comment on function fraiseql.\"public.posts\"() is 'v997; schema=public; table=posts'");
        var outdated = await database.CheckAsync(Posts());
        Assert.Empty(outdated.Verified);
        Assert.StartsWith("The triggers of public.posts were made by a newer version of FraiseQL.EfCore.State", Assert.Single(outdated.Problems), StringComparison.Ordinal);
        Assert.EndsWith("Upgrade the package.", outdated.Problems[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("v1; schema=public; table=posts; entity=Post; key=id; columns=id,author_id,rating; text=title; image=price; plain=at; preimage=on", true)]
    [InlineData("v1; schema=public; table=posts; entity=Post; key=id; columns=id,author_id; text=subtitle,title; image=price; redact=title; channel=posts", true)]
    [InlineData("v1; schema=public; table=posts; entity=Post; key=id; columns=id,author_id; text=title; image=price; unchanged=on", true)]
    [InlineData("v1; schema=public; table=posts; entity=Post; key=id; columns=author_id,id; text=title; plain=price", false)]
    [InlineData("v1; schema=public; table=posts; entity=Post; key=id; columns=id; text=title; plain=author_id; image=price", false)]
    [InlineData("v1; schema=public; table=posts; entity=Post; key=id; columns=id,author_id; text=title", false)]
    [InlineData("v1; schema=public; table=posts; entity=Post; key=id; columns=id,author_id; text=title; exclude=price", false)]
    [InlineData("v1; schema=public; table=posts; entity=Post; key=id,author_id; columns=id,author_id; text=title; image=price", false)]
    [InlineData("v1; schema=public; table=posts; entity=Article; key=id; columns=id,author_id; text=title; image=price", false)]
    [InlineData("v1; schema=public; table=posts; entity=Post; key=id; columns=id,author_id; of=author_id:id; text=title; image=price", false)]
    [InlineData("v1; schema=blog; table=posts; entity=Post; key=id; columns=id,author_id; text=title; image=price", false)]
    public void Triggers_suffice_that_log_each_column_of_the_model_by_the_same_key(string found, bool suffices)
    {
        var wanted = CaptureAnnotation.Parse("v1; schema=public; table=posts; entity=Post; key=id; columns=id,author_id; text=title; image=price");
        Assert.True(CaptureFit.Suffices(wanted, wanted));
        Assert.Equal(suffices, CaptureFit.Suffices(CaptureAnnotation.Parse(found), wanted));
        Assert.False(CaptureFit.Suffices(wanted, wanted with { Tuning = wanted.Tuning with { LogsUnchanged = true } }));
    }

    private static Action<ModelBuilder> Posts(Action<EntityTypeBuilder>? more = null, string? version = null) => model =>
    {
        if (version is not null)
        {
            model.HasAnnotation(StateAnnotations.TemplateVersion, version);
        }

        model.Entity("Post", b =>
        {
            b.ToTable("posts").Property<int>("id").ValueGeneratedNever();
            b.Property<string>("title");
            b.HasKey("id");
            more?.Invoke(b);
        });
    };
}
