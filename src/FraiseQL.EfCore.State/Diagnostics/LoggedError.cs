using Npgsql;

namespace FraiseQL.EfCore.State.Diagnostics;

/// <summary>
/// An exception as it may be logged: its types and where it was thrown, and of its text nothing that may hold a value. What code of the application throws
/// may quote whatever it was given, and so may the server of data that it could not convert. See decision 0347.
/// </summary>
internal sealed class LoggedError : Exception
{
    private readonly string? _stack;

    private LoggedError(Exception error, Func<Exception, bool> isSafe)
        : base(
            isSafe(error) ? $"{error.GetType()}: {error.Message}" : $"{error.GetType()}{Code(error)} (its text is logged when EnableSensitiveDataLogging is on)",
            error.InnerException is { } inner ? new LoggedError(inner, isSafe) : null)
        => _stack = error.StackTrace;

    public override string? StackTrace => _stack;

    /// <summary>What code of the application threw.</summary>
    public static Exception OfApplication(Exception error, bool mayShow) => mayShow ? error : new LoggedError(error, static _ => false);

    /// <summary>What this library or the server said: only that of the server which quotes data is left out.</summary>
    public static Exception OfServer(Exception error) => QuotesData(error) ? new LoggedError(error, static e => !QuotesData(e) || e is not PostgresException) : error;

    // Class 22: values that cannot be converted, divided or stored are in the text. Of class 23 they are in the detail, which Npgsql withholds by itself.
    private static bool QuotesData(Exception error)
    {
        for (var e = error; e is not null; e = e.InnerException)
        {
            if (e is PostgresException postgres && (postgres.SqlState.StartsWith("22", StringComparison.Ordinal) || postgres.SqlState.StartsWith('P')))
            {
                return true;
            }
        }

        return false;
    }

    private static string Code(Exception error) => error is PostgresException postgres ? " " + postgres.SqlState : "";
}
