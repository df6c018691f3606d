using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

internal sealed class HitOne : HitBenchmark<Post>
{
    public override string Id => "HIT-1";

    public override string Title => "L1 hit, one row, no tracking";

    protected override double WallToPlain => 0.1;

    protected override double CpuToHook => 0.75;

    protected override double Bytes => 9 * Goal.Kilobyte;

    protected override IQueryable<Post> Query(BlogContext db, int n) => BlogQueries.One(db, n);
}
