using System.Data.Common;
using FraiseQL.EfCore.State.Model;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Query;

/// <summary>Without a listener nobody has read the server's catalog: the first cacheable query of the database does, on its own connection.</summary>
internal sealed partial class CachingRelationalCommand
{
    private bool LacksCatalog(RelationalCommandParameterObject parameters)
        => SessionOf(parameters).DatabaseOf(parameters.Connection) is { Catalog: null, Ledger.Listening: false } database
            && !Writes.StateSession.IsInTransaction(parameters.Connection)
            && database.TryBeginCatalog();

    private async Task<RelationalDataReader> ExecuteAfterCatalogAsync(
        RelationalCommandParameterObject parameters, bool async, CancellationToken cancellationToken)
    {
        var connection = parameters.Connection;
        var database = SessionOf(parameters).DatabaseOf(connection);
        try
        {
            // Wrong options are the caller's mistake, whether or not the database can be reached.
            _plan!.PolicyOf(_session!.Runtime.Options, parameters.Context!, parameters.ParameterValues!, _session.CacheAllTtl, database.Catalog);
            _ = async ? await connection.OpenAsync(cancellationToken).ConfigureAwait(false) : connection.Open();
        }
        catch
        {
            database.EndCatalog();
            throw;
        }

        try
        {
            await ReadCatalogAsync(connection, database, async, cancellationToken).ConfigureAwait(false);
            return async ? await ExecuteReaderAsync(parameters, cancellationToken).ConfigureAwait(false) : ExecuteReader(parameters);
        }
        finally
        {
            _ = async ? await connection.CloseAsync().ConfigureAwait(false) : connection.Close();
        }
    }

    private static async Task ReadCatalogAsync(IRelationalConnection connection, DatabaseState database, bool async, CancellationToken cancellationToken)
    {
        try
        {
            database.CatalogRead(await CatalogReader.ReadAsync(connection.DbConnection, async, cancellationToken).ConfigureAwait(false));
        }
        catch (DbException)
        {
            // Then queries over views are not cached; everything else is as if there were none.
            database.CatalogRead(new DatabaseCatalog([]));
        }
        finally
        {
            database.EndCatalog();
        }
    }
}
