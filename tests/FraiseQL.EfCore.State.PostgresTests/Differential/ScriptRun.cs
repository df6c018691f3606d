using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.Differential;

/// <summary>One script on a world: every answer is judged when it comes, and at the end, at rest, both nodes answer as the database does.</summary>
internal sealed class ScriptRun(ScriptWorld world, Script script)
{
    private readonly Answers _answers = new(world.Nodes.Count, script.Questions.Length);
    private readonly Truth _truth = new(world.ConnectionString, script.Questions);
    private BlogContext? _open;
    private int _opener;

    public async Task RunAsync()
    {
        if (script.Number % Script.InChapter == 0)
        {
            await world.PatientlyAsync(() => Seed.ExecuteAsync(world.ConnectionString, Change.Start));
            await world.CaughtUpAsync();
        }

        await CommittedAsync(Answers.Foreign);
        try
        {
            for (var i = 0; i < script.Steps.Length; i++)
            {
                await DoAsync(script.Steps[i], i);
            }
        }
        finally
        {
            await CloseAsync(commits: false);
        }

        await world.CaughtUpAsync();
        await CommittedAsync(Answers.Foreign);
        for (var node = 0; node < world.Nodes.Count; node++)
        {
            for (var question = 0; question < script.Questions.Length; question++)
            {
                await ReadAsync(node, question, "at rest", alongside: null);
            }
        }

        world.Ran();
    }

    private async Task DoAsync(Step step, int at)
    {
        switch (step)
        {
            case Step.Read(var node, var question):
                await ReadAsync(node, question, $"step {at}", alongside: null);
                break;
            case Step.Write(var node, var change, var question):
                await WriteAsync(node, change, question, $"step {at}");
                break;
            case Step.Follow(var writer, var change, var reader, var question):
                await FollowAsync(writer, change, reader, question, $"step {at}");
                break;
            case Step.Race(var writer, var change, var reader, var question) when !script.Questions[question].IsSplit:
                await ReadAsync(reader, question, $"step {at}", alongside: () => WriteAsync(writer, change));
                break;
            case Step.Race(var writer, var change, _, _):
                await WriteAsync(writer, change);
                break;
            case Step.Open(var node, var change):
                await CloseAsync(commits: true);
                await OpenAsync(node, change);
                break;
            case Step.Close(var commits):
                await CloseAsync(commits);
                break;
            case Step.Fault(var kind):
                await world.BreakAsync(kind);
                break;
        }
    }

    private async Task WriteAsync(int node, Change change, int? question = null, string when = "")
    {
        var known = _answers.Known(world.LedgerOf(node).Position);
        if (await world.TryAsync(() => change.ApplyAsync(world.Nodes[node], world.ConnectionString)) is not { } isDone)
        {
            return;
        }

        // Before anything else: the listener has had no time to hear of it.
        var answer = question is { } asked ? await AskAsync(node, asked) : null;

        // Of what is in doubt a node need not show anything before the log has told it.
        await CommittedAsync(isDone && change.By != Via.Foreign ? node : Answers.Foreign);
        if (answer is { } given)
        {
            Judge(node, question!.Value, given, isDone && IsStrict(question.Value) ? _answers.Newest : known, _answers.Newest, when);
        }
    }

    // What happened after another, on another node, as the token says.
    private async Task FollowAsync(int writer, Change change, int reader, int question, string when)
    {
        ConsistencyToken? token = null;
        await WriteAsync(writer, change);
        var newest = _answers.Newest;
        await world.TryAsync(async () =>
        {
            await using var db = world.Nodes[writer].CreateContext();
            token = await db.Database.GetConsistencyTokenAsync();
        });
        if (token is not null && await AskAsync(reader, question, token) is { } answer)
        {
            Judge(reader, question, answer, newest, newest, when);
        }
    }

    private async Task OpenAsync(int node, Change change)
    {
        var db = world.Nodes[node].CreateContext();
        var isOpen = await world.TryAsync(async () =>
        {
            await db.Database.BeginTransactionAsync(change.Isolation);
            await change.WriteAsync(db);
        });
        if (isOpen != true)
        {
            await db.DisposeAsync();
            return;
        }

        (_open, _opener) = (db, node);
    }

    private async Task CloseAsync(bool commits)
    {
        if (_open is not { } db)
        {
            return;
        }

        _open = null;
        var isDone = await world.TryAsync(() => commits ? db.Database.CommitTransactionAsync() : db.Database.RollbackTransactionAsync());
        await world.TryAsync(() => db.DisposeAsync().AsTask());
        if (isDone is { } sure)
        {
            await CommittedAsync(sure && commits ? _opener : Answers.Foreign);
        }
    }

    private async Task ReadAsync(int node, int question, string when, Func<Task>? alongside)
    {
        var newest = _answers.Newest;
        var known = IsStrict(question) ? newest : _answers.Known(world.LedgerOf(node).Position);
        var reading = AskAsync(node, question);
        if (alongside is not null)
        {
            await alongside();
        }

        if (await reading is { } answer)
        {
            Judge(node, question, answer, known, newest, when);
        }
    }

    private void Judge(int node, int question, (string Text, CacheOutcome Outcome) answer, int known, int newest, string when)
    {
        world.Answered(answer.Outcome);
        if (!_answers.Allows(node, question, answer.Text, known, newest))
        {
            throw new ViolationException(
                $"{script}\n{when}: node {node} answered ({answer.Outcome}) to question {question} what it may not:\n{answer.Text}\n{_answers.Describe(question, known)}");
        }
    }

    // Everything that was committed before it was asked, wherever.
    private bool IsStrict(int question) => script.Questions[question].IsStrict;

    private async Task<(string Text, CacheOutcome Outcome)?> AskAsync(int node, int question, ConsistencyToken? token = null)
    {
        (string, CacheOutcome)? result = null;
        await world.TryAsync(async () =>
        {
            await using var db = world.Nodes[node].CreateContext();
            if (token is not null)
            {
                db.Database.RequireConsistency(token);
            }

            var answer = await script.Questions[question].AskAsync(db);
            result = (answer, db.Database.GetCacheOutcome());
        });
        return result;
    }

    private Task CommittedAsync(int writer)
        => world.PatientlyAsync(async () =>
        {
            var (answers, seen) = await _truth.NowAsync();
            _answers.Committed(answers, seen, writer);
        });
}

/// <summary>A node has answered what it may not.</summary>
internal sealed class ViolationException(string message) : Exception(message);
