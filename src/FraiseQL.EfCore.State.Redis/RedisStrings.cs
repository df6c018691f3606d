namespace FraiseQL.EfCore.State.Redis;

/// <summary>Every message that a user of this package can meet. None repeats the connection string: it may hold a password.</summary>
internal static class RedisStrings
{
    private const string Forms =
        "Give AddRedis \"host:6379\", \"host:6379,password=…\" or \"redis://[user:password@]host[:port][/database]\" (rediss:// for TLS).";

    public const string Empty = "The connection string of AddRedis is empty. " + Forms;

    public const string NoEndPoint = "AddRedis(options => …) set no end point: add one with options.EndPoints.Add(\"host\", 6379).";

    public static string BadUrl(string why) => $"The URL given to AddRedis cannot be used: {why}. {Forms}";

    public static string BadList(int item) => item > 0
        ? $"The connection string given to AddRedis cannot be used: item {item} of the comma-separated list is neither an end point nor a known option. {Forms}"
        : $"The connection string given to AddRedis names no server. {Forms}";
}
