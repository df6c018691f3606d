using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

internal sealed class HitTwenty : HitBenchmark<Post>
{
    public override string Id => "HIT-20";

    public override string Title => "L1 hit, 20 rows, no tracking";

    protected override double WallToPlain => 0.1;

    protected override double CpuToHook => 0.8;

    protected override double Bytes => 16 * Goal.Kilobyte;

    protected override IQueryable<Post> Query(BlogContext db, int n) => BlogQueries.Twenty(db, n);
}
