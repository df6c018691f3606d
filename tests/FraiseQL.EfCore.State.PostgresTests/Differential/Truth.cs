using System.Data;
using System.Data.Common;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace FraiseQL.EfCore.State.PostgresTests.Differential;

/// <summary>
/// What the database answers to a script's questions. EF asks each one within a transaction, where the cache takes no part: once, and again whenever
/// the rows of its commands are others than before. Whether they are is asked for all questions in one round trip, so that a script costs little.
/// </summary>
internal sealed class Truth
{
    private readonly Question[] _questions;
    private readonly DbContextOptions<BlogContext> _options;
    private readonly CommandCopier _copier = new();
    private readonly (string Sql, NpgsqlParameter[] Parameters)[][] _commands;
    private readonly string[] _answers;
    private readonly string[] _prints;

    public Truth(string connectionString, Question[] questions)
    {
        _questions = questions;

        // As the nodes' contexts but for the listener: what one of them has compiled serves all.
        _options = new DbContextOptionsBuilder<BlogContext>().UseNpgsql(connectionString).UseFraiseQLState().AddInterceptors(_copier).Options;
        _commands = new (string, NpgsqlParameter[])[questions.Length][];
        _answers = new string[questions.Length];
        _prints = new string[questions.Length];
    }

    /// <summary>The answers of one snapshot, and the snapshot.</summary>
    public async Task<(string[] Answers, PgSnapshot Seen)> NowAsync()
    {
        await using var db = new BlogContext(_options);
        await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        for (var i = 0; i < _questions.Length; i++)
        {
            if (_commands[i] is null)
            {
                await AskAsync(db, i);
            }
        }

        var (seen, prints) = await PrintsAsync((NpgsqlTransaction)transaction.GetDbTransaction());
        for (var i = 0; i < _questions.Length; i++)
        {
            if (_prints[i] is not null && _prints[i] != prints[i])
            {
                await AskAsync(db, i);
            }

            _prints[i] = prints[i];
        }

        return ([.. _answers], seen);
    }

    private async Task AskAsync(BlogContext db, int question)
    {
        _copier.Commands.Clear();
        _answers[question] = await _questions[question].AskAsync(db);
        _commands[question] = [.. _copier.Commands];
        db.ChangeTracker.Clear();
    }

    private async Task<(PgSnapshot Seen, string[] Prints)> PrintsAsync(NpgsqlTransaction transaction)
    {
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT pg_current_snapshot()::text"));
        foreach (var (sql, parameters) in _commands.SelectMany(c => c))
        {
            var print = new NpgsqlBatchCommand($"SELECT count(*) || md5(coalesce(string_agg(q::text, chr(10)), '')) FROM (\n{sql}\n) AS q");
            foreach (var parameter in parameters)
            {
                print.Parameters.Add(parameter.Clone());
            }

            batch.BatchCommands.Add(print);
        }

        await using var reader = await batch.ExecuteReaderAsync();
        var seen = PgSnapshot.Parse(await NextAsync());
        var prints = new string[_commands.Length];
        for (var i = 0; i < prints.Length; i++)
        {
            for (var j = 0; j < _commands[i].Length; j++)
            {
                await reader.NextResultAsync();
                prints[i] += await NextAsync();
            }
        }

        return (seen, prints);

        async Task<string> NextAsync()
        {
            await reader.ReadAsync();
            return reader.GetString(0);
        }
    }

    /// <summary>Keeps what EF sends.</summary>
    private sealed class CommandCopier : DbCommandInterceptor
    {
        public List<(string Sql, NpgsqlParameter[] Parameters)> Commands { get; } = [];

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            Commands.Add((command.CommandText, [.. command.Parameters.Cast<NpgsqlParameter>().Select(p => p.Clone())]));
            return ValueTask.FromResult(result);
        }
    }
}
