using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.SqlExpressions;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Query;

/// <summary>Lets the provider generate the command, then hangs the plan on it. One instance a command, as EF creates them.</summary>
internal sealed class PlanningSqlGenerator(QuerySqlGeneratorDependencies dependencies, QuerySqlGenerator inner, QueryPlanner planner)
    : QuerySqlGenerator(dependencies)
{
    public override IRelationalCommand GetCommand(Expression queryExpression)
    {
        var command = inner.GetCommand(queryExpression);
        if (command is not CachingRelationalCommand caching)
        {
            return command;
        }

        return queryExpression switch
        {
            SelectExpression select => Plan(select, caching),
            UpdateExpression update => caching.With(WritePlan.For(update)),
            DeleteExpression delete => caching.With(WritePlan.For(delete)),
            _ => command,
        };
    }

    private CachingRelationalCommand Plan(SelectExpression select, CachingRelationalCommand command)
    {
        foreach (var tag in select.Tags)
        {
            if (CachePolicy.TryFromTag(tag, out var policy))
            {
                // The tag has done its work; the server need not see it.
                var sql = WithoutTag(command.CommandText, tag);
                return command.With(planner.Plan(select, policy, command, sql), sql, WithoutTag(command.LogCommandText, tag));
            }
        }

        return command;
    }

    // EF writes each tag as a comment line at the head, and an empty line after the last.
    private static string WithoutTag(string text, string tag)
    {
        var line = "-- " + tag + Environment.NewLine;
        var at = text.IndexOf(line, StringComparison.Ordinal);
        if (at < 0)
        {
            return text;
        }

        var rest = text.Remove(at, line.Length);
        return at == 0 && rest.StartsWith(Environment.NewLine, StringComparison.Ordinal) ? rest[Environment.NewLine.Length..] : rest;
    }
}
