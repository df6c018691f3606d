namespace FraiseQL.EfCore.State.PostgresTests.Shapes;

/// <summary>The table of the matrix.</summary>
internal static class AllShapes
{
    private static readonly Shape[] s_all =
        [.. EntityShapes.All, .. ProjectionShapes.All, .. ScalarShapes.All, .. SourceShapes.All, .. EnumerationShapes.All, .. CompiledShapes.All];

    public static IEnumerable<Shape> Cached => s_all.Where(s => s.Refused is null);

    public static IEnumerable<Shape> Refused => s_all.Where(s => s.Refused is not null);
}
