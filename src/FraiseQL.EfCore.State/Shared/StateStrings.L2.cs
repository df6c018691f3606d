using System.Globalization;

namespace FraiseQL.EfCore.State;

internal static partial class StateStrings
{
    public static string NoDistributedCache(string context) =>
        $"AddFraiseQLState<{context}>().AddDistributedCache() finds no IDistributedCache in the application's services. Register one, such as "
        + "services.AddStackExchangeRedisCache(…), or give it: .AddDistributedCache(services => …).";

    public static string SharedSizeUnknown(int wanted) =>
        $"Cache:L2:MaxSizeMb is {wanted}, but the registered IDistributedCache does not say how much it keeps. Set the limit where that cache is "
        + "configured and remove Cache:L2:MaxSizeMb, or use AddRedis or AddMemcached.";

    public static string SharedSizeUnlimited(int wanted) =>
        $"Cache:L2:MaxSizeMb is {wanted}, but the Redis server has no memory limit: the cache may fill its machine. Set it there: "
        + $"maxmemory {wanted}mb and maxmemory-policy allkeys-lru.";

    public static string SharedSizeSmaller(int wanted, double most) =>
        string.Create(CultureInfo.InvariantCulture, $"Cache:L2:MaxSizeMb is {wanted}, but the shared server keeps at most {most:0.#} MB. Raise maxmemory (Redis) ")
        + "or -m (Memcached) there, or lower Cache:L2:MaxSizeMb.";

    public static string SharedSizeWithoutEviction(int wanted) =>
        $"Cache:L2:MaxSizeMb is {wanted}, and the shared server refuses writes once it is full instead of evicting: new results would then be cached in memory "
        + "only. Set maxmemory-policy allkeys-lru (Redis), or start Memcached without -M.";
}
