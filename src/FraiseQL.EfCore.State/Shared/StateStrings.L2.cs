namespace FraiseQL.EfCore.State;

internal static partial class StateStrings
{
    public static string NoDistributedCache(string context) =>
        $"AddFraiseQLState<{context}>().AddDistributedCache() finds no IDistributedCache in the application's services. Register one, such as "
        + "services.AddStackExchangeRedisCache(…), or give it: .AddDistributedCache(services => …).";
}
