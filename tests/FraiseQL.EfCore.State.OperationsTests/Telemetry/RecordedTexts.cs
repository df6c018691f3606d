using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.OperationsTests.Telemetry;

/// <summary>Every text that is logged at any level, with its scopes, its parts and its exceptions.</summary>
internal sealed class RecordedTexts : ILoggerProvider, ISupportExternalScope
{
    private IExternalScopeProvider _scopes = new LoggerExternalScopeProvider();

    public ConcurrentQueue<string> All { get; } = new();

    public ConcurrentDictionary<int, bool> Ids { get; } = new();

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    public ILogger CreateLogger(string categoryName) => new Writer(this, categoryName);

    public void Dispose()
    {
        // Nothing is held: the texts are read afterwards.
    }

    private static IEnumerable<string> Parts(object? state)
        => state is IEnumerable<KeyValuePair<string, object?>> pairs ? pairs.Select(pair => $"{pair.Key}={pair.Value}") : [$"{state}"];

    private sealed class Writer(RecordedTexts owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => owner._scopes.Push(state);

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            owner.Ids[eventId.Id] = true;
            var texts = new List<string> { $"{category} {eventId}", formatter(state, exception) };
            texts.AddRange(Parts(state));
            owner._scopes.ForEachScope(static (scope, all) => all.AddRange(Parts(scope)), texts);
            for (var error = exception; error is not null; error = error.InnerException)
            {
                texts.Add(error.ToString());
                texts.AddRange(error.Data.Keys.Cast<object>().Select(key => $"{key}={error.Data[key]}"));
            }

            owner.All.Enqueue(string.Join('\n', texts));
        }
    }
}
