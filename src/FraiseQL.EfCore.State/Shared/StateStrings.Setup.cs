namespace FraiseQL.EfCore.State;

internal static partial class StateStrings
{
    public static string OptionOutOfRange(string key, string value, string least, string most, string? why) =>
        $"{key} is {value}, but must be between {least} and {most}{(why is null ? string.Empty : $" ({why})")}. "
        + "Set it in the section given to AddFraiseQLState, by convention FraiseQL:State, or in its configure callback.";

    public static string OptionUnknown(string key, string allowed) =>
        $"{key} has a value that does not exist. Set it to {allowed}, in the section given to AddFraiseQLState or in its configure callback.";

    public static string TransportNotSupported(string transport) =>
        $"Cdc:Transport is {transport}, which this version does not have. Set it to Notify, which wakes the listener within a millisecond, or to Poll, "
        + "for servers behind a pooler that does not carry LISTEN.";

    public static string UnknownKey(string key, string nearest) =>
        $"The configuration key '{key}' is unknown. Did you mean '{nearest}'? Correct the key, or remove it.";

    public const string NotInInternalServices =
        "UseFraiseQLState() is used together with UseInternalServiceProvider(), but that provider lacks its services. "
        + "Call services.AddEntityFrameworkFraiseQLState() where the internal provider is built.";

    public static string ReplacedService(string service) =>
        $"Another package or the application replaces {service} with ReplaceService(). UseFraiseQLState() stands around that service, and would do "
        + "nothing. Remove the replacement, or remove UseFraiseQLState() from this context.";

    public const string FrontEndNotInInternalServices =
        "UseFastFrontEnd() is used together with UseInternalServiceProvider(), whose services it cannot change. "
        + "Remove UseFastFrontEnd(), or let EF Core build its internal services itself.";

    public static string ForeignQueryCompiler(string? implementation) =>
        $"UseFastFrontEnd() takes the place of EF Core's query compiler, but another package has put {implementation ?? "one of its own"} there. "
        + "Remove UseFastFrontEnd() from this context, or that package.";
}
