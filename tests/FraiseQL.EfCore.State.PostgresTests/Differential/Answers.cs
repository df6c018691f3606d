using FraiseQL.EfCore.State.EventLog;

namespace FraiseQL.EfCore.State.PostgresTests.Differential;

/// <summary>
/// What the database has answered after each commit, and so what a node may answer: what it had committed itself shows at once, what its ledger has
/// applied shows, and what it has shown once stays. Anything that was true since then is allowed, as an uncached read a moment ago would have been.
/// </summary>
internal sealed class Answers(int nodes, int questions)
{
    public const int Foreign = -1;

    private readonly List<Moment> _moments = [];
    private readonly int[,] _floors = new int[nodes, questions];

    public int Newest => _moments.Count - 1;

    /// <summary>Somebody has committed, and the database answers this now.</summary>
    public void Committed(string[] answers, PgSnapshot seen, int writer) => _moments.Add(new Moment(answers, seen, writer));

    /// <summary>The last moment that a node knows for sure, by the position that it has applied.</summary>
    public int Known(PgSnapshot? position) => position is null ? 0 : Math.Max(0, _moments.FindLastIndex(m => position.Contains(m.Seen)));

    public string Truth(int question) => _moments[^1].Answers[question];

    /// <summary>Whether an answer is allowed of a node which, when it was asked, knew so much, and while this was the newest moment.</summary>
    public bool Allows(int node, int question, string answer, int known, int newest)
    {
        var floor = Math.Max(known, _floors[node, question]);
        for (var moment = floor; moment < _moments.Count; moment++)
        {
            if (_moments[moment].Answers[question] == answer && !IsHiddenByOwnWrite(node, question, moment, newest))
            {
                _floors[node, question] = moment;
                return true;
            }
        }

        return false;
    }

    public string Describe(int question, int known)
        => string.Join('\n', _moments.Select((m, i) => $"moment {i} ({(m.Writer == Foreign ? "foreign" : $"node {m.Writer}")}{(i == known ? ", known" : "")}): {m.Answers[question]}"));

    // An older answer may come of a foreign commit that has not been told yet, but not of one's own.
    private bool IsHiddenByOwnWrite(int node, int question, int moment, int newest)
    {
        for (var later = moment + 1; later <= newest; later++)
        {
            if (_moments[later].Writer == node && _moments[later].Answers[question] != _moments[later - 1].Answers[question])
            {
                return true;
            }
        }

        return false;
    }

    private sealed record Moment(string[] Answers, PgSnapshot Seen, int Writer);
}
