using System.Globalization;

namespace FraiseQL.EfCore.State;

internal static partial class StateStrings
{
    public const string WholeConfiguration =
        "AddFraiseQLState was given the whole configuration of the application. Give it its section: "
        + "AddFraiseQLState<TContext>(builder.Configuration.GetSection(\"FraiseQL:State\")).";

    public static string SectionWithValue(string key, string nearest) =>
        $"The configuration key '{key}' is a section and has no value of its own. Set a key below it, such as '{nearest}', or remove it.";

    public static string BareNumber(string key, string value, double number)
    {
        var isTime = number is >= 0 and <= 31_536_000;
        var seconds = isTime ? TimeSpan.FromSeconds(number).ToString("c", CultureInfo.InvariantCulture) : "00:05:00";
        var days = isTime ? $"{TimeSpan.FromDays(Math.Ceiling(number)):c}" : "5.00:00:00";
        return $"{key} is '{value}', a number without a unit. Write '{seconds}' for seconds, or '{days}' for days.";
    }

    public static string HoursAreDays(string key, string value, int first) =>
        $"{key} is '{value}', which would be {first} days, as hours go up to 23. Write '{TimeSpan.FromHours(first):c}' for hours, or '{TimeSpan.FromDays(first):c}' for days.";

    public static string NotATime(string key, string value) =>
        $"{key} is '{value}', which is not a time. Write hours, minutes and seconds, such as '00:05:00', or days before them: '1.00:00:00'.";

    public static string NotASwitch(string key, string value) => $"{key} is '{value}', which is neither true nor false. Write one of them.";

    public static string NotAWholeNumber(string key, string value) =>
        $"{key} is '{value}', which is not a whole number of at most {int.MaxValue}. Write digits only.";

    public static string NotANumber(string key, string value) => $"{key} is '{value}', which is not a number. Write digits, and a point before the fraction.";

    public static string NotAName(string key, string value, string[] names) => $"{key} is '{value}', which does not exist. Set it to {Or(names)}.";

    public static string SharedLevelMissing(string key, L2Backend? backend) => backend switch
    {
        L2Backend.Redis => $"{key} names Redis, but nothing registers it. {Install("FraiseQL.EfCore.State.Redis", ".AddRedis()")}",
        L2Backend.Memcached => $"{key} names Memcached, but nothing registers it. {Install("FraiseQL.EfCore.State.Memcached", ".AddMemcached()")}",
        L2Backend.Custom => $"{key} is Custom, but no cache is registered. Call .AddDistributedCache() on what AddFraiseQLState returns, or remove the key.",
        _ => $"{key} is set, but no shared level is registered. {Install("FraiseQL.EfCore.State.Redis or FraiseQL.EfCore.State.Memcached", ".AddRedis() or .AddMemcached()")}",
    };

    public static string SharedLevelOther(string key, L2Backend named, L2Backend registered, string call) =>
        $"{key} is {named}, but {call} was called. Set the key to {registered}, or to None to leave it unused, or remove it.";

    public static string UrlNotTaken(string key, L2Backend registered, string call) => registered == L2Backend.Custom
        ? $"{key} is set, but {call} takes no address. Remove the key, or call .AddRedis() or .AddMemcached() instead."
        : $"{key} is set, but {call} was given an address too. Remove the key, or call .Add{registered}(), which takes the key's.";

    public static string UrlMissing(string key, L2Backend registered, string call) =>
        $"{key} is not set, and {call} takes its address from there. Set it, such as {(registered == L2Backend.Redis ? "redis://host:6379" : "memcached://host:11211")}, "
        + $"or give {call} an address.";

    public static string UrlWrong(string key, string why) => $"{key} cannot be used. {why}";

    public static string StrategyWithLevel(string strategyKey, InvalidationStrategy strategy, string levelKey, ConsistencyLevel level) =>
        $"{strategyKey} is {strategy}, which lets changes pass unseen, and {levelKey} is {level}, which forbids it. Set one of them back: Cascade, or ReadYourWrites.";

    public static string DelayTooLong(string key, TimeSpan delay, string silenceKey, TimeSpan silence) =>
        $"{key} is {delay}, but must be zero or more, and less than half of {silenceKey} ({silence}), or the cache would distrust itself. Lower it.";

    public static string ReadyNeverWarm(string requiredKey, string startKey) =>
        $"{requiredKey} is true, but {startKey} is false: the application would never be ready. Set {startKey} to true, or {requiredKey} to false.";

    public static string GroupOfTwo(string key, string context, string other, string group) =>
        $"{key} is '{group}' for {context} and for {other}: each of them would be given a part of the events only. Give each a group of its own.";

    public static string StateNotUsed(string context) =>
        $"AddFraiseQLState<{context}>() was called, but {context} does not use it. Call UseFraiseQLState() beside UseNpgsql(…) in the context's options.";

    private static string Install(string package, string call) => $"Install {package} and call {call} on what AddFraiseQLState returns, or remove the key.";

    private static string Or(string[] names) => names.Length == 1 ? names[0] : $"{string.Join(", ", names[..^1])} or {names[^1]}";
}
