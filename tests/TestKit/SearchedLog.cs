using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.TestKit;

/// <summary>Searches what the library logs for <see cref="PlantedValues"/>. <see cref="LeakSearch.OfTheRun"/> has what it finds.</summary>
[ProviderAlias("Searched")]
public sealed class SearchedLog : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new Logger(categoryName);

    public void Dispose()
    {
        // Nothing is held.
    }

    private sealed class Logger(string category) : ILogger
    {
        // What others log is theirs: EF tells of SQL, and a test of what it does.
        private readonly bool _isOurs = category.StartsWith("FraiseQL.EfCore.State", StringComparison.Ordinal);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => _isOurs;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!_isOurs)
            {
                return;
            }

            var where = $"the log message {eventId}";
            LeakSearch.OfTheRun.Search(where, "the text", formatter(state, exception));
            LeakSearch.OfTheRun.Search(where, "the exception", exception?.ToString());
            foreach (var (name, value) in state as IEnumerable<KeyValuePair<string, object?>> ?? [])
            {
                LeakSearch.OfTheRun.Search(where, name, value);
            }
        }
    }
}
