using FraiseQL.EfCore.State.Query;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace FraiseQL.EfCore.State.Writes;

/// <summary>An <c>ExecuteUpdate</c>, <c>ExecuteDelete</c> or raw SQL command: which rows it changed is not known here.</summary>
internal readonly struct UntrackedWrite(StateSession session, IRelationalConnection connection, WritePlan? plan)
{
    public void Succeeded(int affected)
    {
        if (plan is null)
        {
            session.Wrote(connection, static pending => pending.Unknown());
        }
        else if (affected != 0)
        {
            Publish(plan);
        }
    }

    /// <summary>An error of the server has undone the statement; after any other (a lost connection) it may have been committed.</summary>
    public void Failed(Exception exception)
    {
        if (exception is PostgresException)
        {
            return;
        }

        if (plan is null)
        {
            session.Wrote(connection, static pending => pending.Unknown());
        }
        else
        {
            Publish(plan);
        }
    }

    private void Publish(WritePlan written)
        => session.Wrote(connection, pending =>
        {
            foreach (var table in written.Tables)
            {
                pending.AnyRow(table, written.Columns);
            }
        });
}
