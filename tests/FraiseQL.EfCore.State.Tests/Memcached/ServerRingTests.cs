using FraiseQL.EfCore.State.Memcached;

namespace FraiseQL.EfCore.State.Tests.Memcached;

[Feature("S1.1-l2-memcached")]
public sealed class ServerRingTests
{
    private static readonly MemcachedAddress[] Three = MemcachedAddress.ParseList("a,b,c", "servers");
    private static readonly string[] Keys = [.. Enumerable.Range(0, 30_000).Select(i => $"fraiseql:{i}")];

    [Fact]
    public void Every_server_gets_its_share_and_the_order_of_the_list_does_not_matter()
    {
        var ring = new ServerRing(Three);
        var turned = new ServerRing([Three[2], Three[0], Three[1]]);
        Assert.All(Keys.GroupBy(ring.Of), share => Assert.InRange(share.Count(), 9_500, 10_500));
        Assert.All(Keys, key => Assert.Equal(ring.Of(key), (turned.Of(key) + 2) % 3));
    }

    [Fact]
    public void A_further_server_takes_keys_and_moves_no_other()
    {
        var before = new ServerRing(Three);
        var after = new ServerRing([.. Three, .. MemcachedAddress.ParseList("d", "servers")]);
        var moved = Keys.Where(key => before.Of(key) != after.Of(key)).ToArray();
        Assert.InRange(moved.Length, 7_000, 8_000);
        Assert.All(moved, key => Assert.Equal(3, after.Of(key)));
    }
}
