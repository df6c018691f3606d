using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using FraiseQL.EfCore.State.Migrations;
using FraiseQL.EfCore.State.Model;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace FraiseQL.EfCore.State.MigrationsTests.Models;

/// <summary>New SQL comes in a new folder, by a migration; what was released stays as it is.</summary>
public sealed class TemplateVersionTests
{
    [Fact]
    [Feature("P-migrations")]
    public async Task A_new_version_of_the_templates_is_one_migration_that_goes_up_and_down()
    {
        foreach (var file in (string[])["event_log", "capture", "drop_capture"])
        {
            SqlTemplates.Texts[$"migrations-templates/v999/{file}.sql"] = SqlTemplates.Get("v1", file) + "\n-- version 999";
        }

        SqlTemplates.Texts["migrations-templates/v999/event_log.sql"] += "\n;comment on schema fraiseql is 'version 999'";
        var database = await ModelDatabase.CreateAsync(PostgresRelease.AtHand);
        await database.MigrateAsync(Posts(CaptureModel.CurrentVersion));
        var operations = ModelDatabase.Differences(Posts(CaptureModel.CurrentVersion), Posts("v999"));
        Assert.Equal(["AlterDatabaseOperation", "AlterTableOperation"], operations.Select(o => o.GetType().Name));
        Assert.StartsWith("v999; schema=public; table=posts", (string)Assert.IsType<AlterTableOperation>(operations[1]).FindAnnotation(StateAnnotations.Capture)!.Value!, StringComparison.Ordinal);

        await database.MigrateAsync(Posts("v999"));
        Assert.Equal("version 999", await database.LinesAsync("select obj_description('fraiseql'::regnamespace, 'pg_namespace')"));
        Assert.Empty(await database.ProblemsAsync());
        Assert.Equal("""public.posts Post I {"id": 1} - {"id": 1}""", await database.EventsAsync("insert into posts values (1)"));

        await database.MigrateAsync(Posts("v1"));
        Assert.Empty(await database.ProblemsAsync());
        Assert.Equal("""public.posts Post I {"id": 2} - {"id": 2}""", await database.EventsAsync("insert into posts values (2)"));
    }

    [Fact]
    public void A_line_of_any_version_is_rendered_by_its_own_templates_and_an_unknown_one_says_to_upgrade()
    {
        foreach (var version in Directory.GetDirectories(Templates()).Select(d => Path.GetFileName(d)!))
        {
            var line = version + "; schema=public; table=posts; entity=Post; key=id; columns=id";
            Assert.Equal(line, CaptureAnnotation.Parse(line).ToString());
            Assert.Contains(line, CaptureSql.Create(CaptureAnnotation.Parse(line), null), StringComparison.Ordinal);
        }

        Assert.Contains("upgrade the package", Assert.Throws<InvalidOperationException>(() => CaptureAnnotation.Parse("v0; schema=public")).Message, StringComparison.Ordinal);
        Assert.Contains("upgrade the package", Assert.Throws<InvalidOperationException>(() => CaptureSql.EventLog("v0")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Templates_that_were_released_are_never_edited()
    {
        var released = File.ReadAllLines(Path.Combine(Templates(), "released.txt")).Where(l => l.Length > 0 && l[0] != '#').ToList();
        foreach (var version in Directory.GetDirectories(Templates()).Select(d => Path.GetFileName(d)!))
        {
            var line = version + " " + Hash(version);
            if (released.Any(l => l.StartsWith(version + " ", StringComparison.Ordinal)))
            {
                Assert.True(released.Contains(line), $"migrations-templates/{version} was released and has been edited since: undo that, and make the change in a new folder.");
            }
            else
            {
                Assert.True(version == CaptureModel.CurrentVersion && !IsAnyReleaseOut(), $"Add this line to migrations-templates/released.txt, now that {version} is released:\n{line}");
            }
        }
    }

    private static bool IsAnyReleaseOut([CallerFilePath] string caller = "")
        => File.ReadLines(Path.Combine(Path.GetDirectoryName(caller)!, "../../../CHANGELOG.md")).Any(l => l.StartsWith("## ", StringComparison.Ordinal) && l != "## Unreleased");

    private static string Hash(string version)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Directory.GetFiles(Path.Combine(Templates(), version)).Order(StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(file)}\n{File.ReadAllText(file).ReplaceLineEndings("\n")}\n")));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string Templates([CallerFilePath] string caller = "") => Path.Combine(Path.GetDirectoryName(caller)!, "../../../migrations-templates");

    private static Action<ModelBuilder> Posts(string version) => model =>
    {
        model.HasAnnotation(StateAnnotations.TemplateVersion, version.Length == 0 ? null : version);
        model.Entity("Post", b =>
        {
            b.ToTable("posts").Property<int>("id").ValueGeneratedNever();
            b.HasKey("id");
        });
    };
}
