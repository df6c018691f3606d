using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;

namespace FraiseQL.EfCore.State.Memcached;

/// <summary>
/// Which server a key belongs to: the one with the highest hash of server and key (rendezvous hashing, Thaler and Ravishankar 1998). All nodes
/// agree without talking, and adding or removing one of n servers moves only 1/n of the keys.
/// </summary>
internal sealed class ServerRing
{
    private readonly long[] _seeds;

    public ServerRing(IReadOnlyList<MemcachedAddress> servers)
        => _seeds = [.. servers.Select(server => (long)XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(server.ToString())))];

    /// <summary>The index of the server.</summary>
    public int Of(string key)
    {
        if (_seeds.Length == 1)
        {
            return 0;
        }

        var bytes = MemoryMarshal.AsBytes(key.AsSpan());
        var (best, owner) = (0UL, 0);
        for (var i = 0; i < _seeds.Length; i++)
        {
            var score = XxHash3.HashToUInt64(bytes, _seeds[i]);
            if (score > best)
            {
                (best, owner) = (score, i);
            }
        }

        return owner;
    }
}
