using FraiseQL.EfCore.State.FrontEnd;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Query.Internal;
using Microsoft.Extensions.DependencyInjection;

// The service whose place is taken is EF's own.
#pragma warning disable EF1001

namespace FraiseQL.EfCore.State.PostgresTests.FrontEnd;

/// <summary>What switches the front end on, and what it says where it cannot be.</summary>
public sealed class SwitchTests
{
    [Fact]
    public void EFs_compiler_stays_unless_the_front_end_is_asked_for()
    {
        Assert.Equal(typeof(QueryCompiler), CompilerOf(_ => { }).GetType());
        Assert.Equal(typeof(FrontEndQueryCompiler), CompilerOf(o => o.UseFastFrontEnd()).GetType());
    }

    [Fact]
    public void The_context_says_in_its_log_that_the_front_end_is_used()
    {
        var options = new DbContextOptionsBuilder().UseNpgsql("Host=nowhere").UseFraiseQLState(o => o.CacheAllQueries().UseFastFrontEnd()).Options;
        Assert.Equal("using FraiseQL state, CacheAllQueries, UseFastFrontEnd ", options.FindExtension<FraiseQLStateOptionsExtension>()!.Info.LogFragment);
    }

    [Fact]
    public void A_compiler_of_somebody_else_is_not_replaced()
    {
        var replaced = Assert.Throws<InvalidOperationException>(() => CompilerOf(o => o.UseFastFrontEnd(), o => o.ReplaceService<IQueryCompiler, ExtractionOracle>()));
        Assert.Equal(StateStrings.ReplacedService(nameof(IQueryCompiler)), replaced.Message);
        var foreign = new ServiceCollection().AddScoped<IQueryCompiler, ExtractionOracle>();
        var registered = Assert.Throws<InvalidOperationException>(() => FrontEndQueryCompiler.AddTo(foreign));
        Assert.Equal(StateStrings.ForeignQueryCompiler(typeof(ExtractionOracle).FullName), registered.Message);
    }

    [Fact]
    public void Internal_services_that_the_application_builds_are_not_changed()
    {
        using var services = new ServiceCollection().AddEntityFrameworkFraiseQLState().BuildServiceProvider();
        var refused = Assert.Throws<InvalidOperationException>(() => CompilerOf(o => o.UseFastFrontEnd(), o => o.UseInternalServiceProvider(services)));
        Assert.Equal(StateStrings.FrontEndNotInInternalServices, refused.Message);
    }

    [Fact]
    public void Shapes_are_bounded_and_learnt_anew_when_there_are_too_many()
    {
        var table = new ShapeTable();
        for (var i = 0; i < 5000; i++)
        {
            table.Add(new QueryShape(i % 1500, [i], [null], null, []));
            Assert.True(table.All.Count() <= 1024);
        }
    }

    private static IQueryCompiler CompilerOf(Action<FraiseQLStateOptionsBuilder> state, Action<DbContextOptionsBuilder>? configure = null)
    {
        var options = new DbContextOptionsBuilder().UseNpgsql("Host=nowhere").UseFraiseQLState(state);
        configure?.Invoke(options);
        using var db = new BlogContext(options.Options);
        return db.GetService<IQueryCompiler>();
    }
}
