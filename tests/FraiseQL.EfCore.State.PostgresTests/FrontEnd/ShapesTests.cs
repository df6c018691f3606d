using FraiseQL.EfCore.State.FrontEnd;
using FraiseQL.EfCore.State.PostgresTests.Shapes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Xunit.Abstractions;

namespace FraiseQL.EfCore.State.PostgresTests.FrontEnd;

/// <summary>Every shape of the matrix with the front end: the first execution is learnt from, those after it use what was learnt.</summary>
public sealed class ShapesTests(ShapesTests.World world, ITestOutputHelper output) : IClassFixture<ShapesTests.World>
{
    private const int Executions = 4;

    // A compiled query belongs to the one model that the matrix has executed it with, and does not pass the front end.
    private static IEnumerable<Shape> Shapes
        => AllShapes.Cached.Concat(AllShapes.Refused).Where(s => !s.Name.StartsWith("compiled", StringComparison.Ordinal));

    public static TheoryData<string, bool> Cases()
    {
        var data = new TheoryData<string, bool>();
        foreach (var shape in Shapes)
        {
            data.Add(shape.Name, false);
            data.Add(shape.Name, true);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    [Feature("U-02-transparency")]
    public async Task A_shape_gives_the_same_objects_and_tracks_the_same_with_the_front_end(string name, bool async)
    {
        var shape = Shapes.Single(s => s.Name == name);
        var (expected, tracked, _) = await RunAsync(shape, cached: false, async);
        var outcome = CacheOutcome.None;

        // The parts of a split query were read at different snapshots if anybody committed in between: then it counts once that was applied.
        for (var i = 0; i < Executions || (i < 50 && shape.Refused is null && outcome != CacheOutcome.L1Hit); i++)
        {
            var read = await RunAsync(shape, cached: true, async);
            Assert.Equal(expected, read.Result);
            Assert.Equal(tracked, read.Tracked);
            outcome = read.Outcome;
        }

        Assert.Equal(shape.Refused is null ? CacheOutcome.L1Hit : CacheOutcome.Bypass, outcome);
    }

    [Fact]
    public async Task Most_shapes_are_known()
    {
        foreach (var shape in Shapes.Where(s => s.Refused is null))
        {
            await RunAsync(shape, cached: true, async: true);
        }

        await using var db = world.Node.CreateContext();
        var shapes = db.GetService<ShapeTable>().All.ToArray();
        var known = shapes.Count(s => s.Executor is not null);
        output.WriteLine($"{known} of {shapes.Length} shapes are known");
        Assert.True(known > shapes.Length * 2 / 3, $"only {known} of {shapes.Length} shapes are known");
    }

    private async Task<(string Result, string Tracked, CacheOutcome Outcome)> RunAsync(Shape shape, bool cached, bool async)
    {
        await using var db = world.Node.CreateContext(shape.Context);
        var mark = new Mark(cached, $"{shape.Name} {async}") { Declares = shape.Declares };
        var result = async ? await shape.Async(db, mark) : shape.Sync(db, mark);
        return (Graph.Of(result), Graph.OfTracked(db), db.Database.GetCacheOutcome());
    }

    /// <summary>One node whose contexts all have the front end.</summary>
    public sealed class World : IAsyncLifetime
    {
        internal ShapesNode Node { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            var connectionString = await PostgresServer.CreateSharedDatabaseAsync();
            await ShapesSeed.CreateAsync(connectionString);
            Node = await ShapesNode.StartAsync(connectionString, frontEnd: true);
        }

        public async Task DisposeAsync() => await Node.DisposeAsync();
    }
}
