using FraiseQL.EfCore.State.Benchmarks.Harness;
using FraiseQL.EfCore.State.Benchmarks.World;

namespace FraiseQL.EfCore.State.Benchmarks.Cases;

internal sealed class HitIncluded : HitBenchmark<Author>
{
    public override string Id => "HIT-INC";

    public override string Title => "L1 hit, an author with 20 posts by Include, tracking; the tracker is cleared each time";

    protected override double WallToPlain => 1 / 3.5;

    protected override double CpuToHook => 0.9;

    protected override double Bytes => 44 * Goal.Kilobyte;

    protected override bool Tracks => true;

    protected override IQueryable<Author> Query(BlogContext db, int n) => BlogQueries.TwentyIncluded(db, n);
}
