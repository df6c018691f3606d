namespace FraiseQL.EfCore.State.Memcached;

/// <summary>Every message that a user of this package can meet.</summary>
internal static class MemcachedStrings
{
    private const string Forms =
        "Give AddMemcached \"host:11211\", several as \"host1:11211,host2:11211\", or \"memcached://host:11211\".";

    public const string Empty = "The addresses given to AddMemcached are empty. " + Forms;

    public const string NoServer = "AddMemcached(options => …) added no server: call options.Servers.Add(\"host:11211\").";

    public static string BadAddress(int item, string why) => $"Item {item} of the addresses given to AddMemcached cannot be used: {why}. {Forms}";

    public static string OutOfRange(string option, string least, string most) =>
        $"AddMemcached(options => …): {option} must be from {least} to {most}.";
}
