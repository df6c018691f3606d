using CsCheck;
using FraiseQL.EfCore.State.Migrations;
using FraiseQL.EfCore.State.Model;

namespace FraiseQL.EfCore.State.Tests.Migrations;

public sealed class CaptureAnnotationTests
{
    private static readonly Gen<string> Names = Gen.OneOf(
        Gen.String[Gen.Char.AlphaNumeric, 1, 8],
        Gen.String[Gen.Char[" ;,:=%!*\"'\\$.{}é"], 1, 6]);

    [Fact]
    public void Any_names_survive_the_way_into_a_migration_and_back()
        => Gen.Select(Names, Names, Names, Names.Array[1, 4], Names.Array[0, 4], Gen.Bool).Sample((schema, table, entity, key, others, isPart) =>
        {
            var annotation = new CaptureAnnotation(
                "v1", schema, table, entity, isPart, key, [.. key.Select(k => new EventKeyColumn(k, isPart ? k + ":" : k))], key,
                others.Length == 0 ? new() : new Dictionary<ColumnComparison, IReadOnlyList<string>> { [ColumnComparison.Image] = others },
                new CaptureTuning(others, key, isPart, !isPart));

            var parsed = CaptureAnnotation.Parse(annotation.ToString());

            Assert.Equal(annotation.ToString(), parsed.ToString());
            Assert.Equal(schema, parsed.Schema);
            Assert.Equal(key, parsed.Key);
            Assert.Equal(annotation.EventKey, parsed.EventKey);
            Assert.Equal(others, parsed.OthersOf(ColumnComparison.Image));
            Assert.Equal(others, parsed.Tuning.Excluded);
            Assert.Equal(isPart, parsed.Tuning.PreImage);
            Assert.DoesNotContain("$EF$", CaptureSql.Create(parsed, null), StringComparison.Ordinal);
        });

    [Theory]
    [InlineData("")]
    [InlineData("v999; schema=public; table=posts; entity=Post; key=id; columns=id")]
    [InlineData("v1; schema=public; table=posts; entity=Post; key=; columns=id")]
    [InlineData("v1; schema=public; table=posts; entity=Post; key=id")]
    [InlineData("v1; schema=public; table=posts; entity=Post; key=id; columns=id; future=1")]
    [InlineData("v1; schema=public; table=posts; entity=Post; key=id; columns=id; of=id")]
    [InlineData("v1; schema=public; schema=public; table=posts; entity=Post; key=id; columns=id")]
    public void A_line_that_cannot_be_read_says_so_and_what_to_do(string text)
    {
        var error = Assert.Throws<InvalidOperationException>(() => CaptureAnnotation.Parse(text));
        Assert.Contains("upgrade the package, or restore the line that `dotnet ef migrations add` wrote", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text", "Text")]
    [InlineData("character varying(200)", "Text")]
    [InlineData("integer", "Plain")]
    [InlineData("timestamp(3) with time zone", "Plain")]
    [InlineData("uuid", "Plain")]
    [InlineData("numeric(10,2)", "Image")]
    [InlineData("interval", "Image")]
    [InlineData("jsonb", "Long")]
    [InlineData("text[]", "Long")]
    [InlineData("numeric(10,2)[]", "Long")]
    [InlineData("bytea", "Bytes")]
    [InlineData("json", "Opaque")]
    [InlineData("json[]", "Opaque")]
    [InlineData("citext", "Opaque")]
    [InlineData("geometry (point)", "Opaque")]
    public void A_column_is_compared_by_what_its_type_promises(string storeType, string comparison)
        => Assert.Equal(comparison, ColumnComparisons.Of(storeType).ToString());
}
