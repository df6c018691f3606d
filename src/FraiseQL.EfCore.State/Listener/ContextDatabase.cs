using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace FraiseQL.EfCore.State.Listener;

/// <summary>The database of a context, for work beside the context: connections of our own to it, and its model.</summary>
internal sealed class ContextDatabase(IServiceScopeFactory scopes, Type contextType, TimeSpan answerTimeout, IConnectionFaults? faults = null)
{
    // PostgreSQL cuts application_name at 63 bytes; what we add must survive.
    private const int MaxApplicationName = 40;

    public string Name => contextType.Name;

    public Type ContextType => contextType;

    /// <summary>Whether the context's options let logs hold values (<c>EnableSensitiveDataLogging</c>); known after the first connection.</summary>
    public bool LogsSensitiveData { get; private set; }

    /// <summary>
    /// A new, open connection to the server and with the credentials of the context's own, outside every pool and transaction:
    /// it lives long, keeps session state, and must not be taken from the requests.
    /// </summary>
    public async Task<NpgsqlConnection> OpenAsync(string purpose, CancellationToken cancellationToken)
    {
        faults?.Opening(purpose);
        var scope = scopes.CreateAsyncScope();
        await using var _ = scope.ConfigureAwait(false);
        var connection = await CloneAsync(Context(scope.ServiceProvider), purpose, cancellationToken).ConfigureAwait(false);
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            faults?.Opened(purpose, connection.ProcessID);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The context's model; needs no connection.</summary>
    public async Task<IModel> ReadModelAsync()
    {
        var scope = scopes.CreateAsyncScope();
        await using var _ = scope.ConfigureAwait(false);
        return Context(scope.ServiceProvider).Model;
    }

    private DbContext Context(IServiceProvider services)
        => services.GetService(contextType) as DbContext ?? throw new InvalidOperationException(StateStrings.ContextNotRegistered(Name));

    private async Task<NpgsqlConnection> CloneAsync(DbContext context, string purpose, CancellationToken cancellationToken)
    {
        LogsSensitiveData = context.GetService<IDbContextOptions>().FindExtension<CoreOptionsExtension>()?.IsSensitiveDataLoggingEnabled == true;
        var connection = context.Database.GetDbConnection();
        if (connection is not NpgsqlConnection own)
        {
            throw new InvalidOperationException(StateStrings.ListenerNeedsNpgsql(Name, connection.GetType().Name));
        }

        // Keeps the password that the connection string does not show, and the data source's certificates.
        return await own.CloneWithAsync(SettingsOf(own, Name, purpose, answerTimeout), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The connection string of a connection beside an application's own.</summary>
    public static string SettingsOf(NpgsqlConnection own, string contextName, string purpose, TimeSpan answerTimeout)
    {
        var settings = new NpgsqlConnectionStringBuilder(own.ConnectionString)
        {
            Pooling = false,
            Multiplexing = false,
            Enlist = false,
            KeepAlive = 0, // each look at the log is a sign of life already, and it is answered or fails
            TcpKeepAlive = true,
            Timeout = 5,
            CommandTimeout = (int)Math.Ceiling(answerTimeout.TotalSeconds),
        };
        var name = string.IsNullOrEmpty(settings.ApplicationName) ? contextName : settings.ApplicationName;
        settings.ApplicationName = $"{(name.Length > MaxApplicationName ? name[..MaxApplicationName] : name)} {purpose}".TrimStart();
        return settings.ConnectionString;
    }
}
