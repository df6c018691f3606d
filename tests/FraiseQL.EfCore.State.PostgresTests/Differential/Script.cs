using CsCheck;

namespace FraiseQL.EfCore.State.PostgresTests.Differential;

/// <summary>One thing that happens in a script.</summary>
internal abstract record Step
{
    /// <summary>A node asks one of the script's questions.</summary>
    internal sealed record Read(int Node, int Question) : Step;

    /// <summary>A node writes, and asks at once; or a foreign program writes, and the node asks.</summary>
    internal sealed record Write(int Node, Change Change, int Question) : Step;

    /// <summary>Somebody writes while a node asks.</summary>
    internal sealed record Race(int Writer, Change Change, int Reader, int Question) : Step;

    /// <summary>A node writes, and the other asks with its token.</summary>
    internal sealed record Follow(int Writer, Change Change, int Reader, int Question) : Step;

    /// <summary>A node writes in a transaction that stays open.</summary>
    internal sealed record Open(int Node, Change Change) : Step;

    /// <summary>The open transaction ends.</summary>
    internal sealed record Close(bool Commits) : Step;

    /// <summary>Something breaks.</summary>
    internal sealed record Fault(int Kind) : Step;
}

/// <summary>A few questions and about ten steps. The name makes the same one again.</summary>
/// <param name="Run">The seed of the run.</param>
/// <param name="Number">Which of the run's scripts.</param>
/// <param name="HasFaults">Whether things break.</param>
/// <param name="Questions">What is asked.</param>
/// <param name="Steps">What happens.</param>
internal sealed record Script(ulong Run, int Number, bool HasFaults, Question[] Questions, Step[] Steps)
{
    /// <summary>Scripts that go on with each other's rows and entries; the first of them begins with the same rows as each other's first.</summary>
    public const int InChapter = 10;

    // The forms of so many scripts: each form is compiled once, as in an application, and asked with many values.
    private const int InPool = 500;
    private const int Forms = 70;
    private const int Asked = 3;
    private const int Nodes = 2;

    private static readonly Gen<Question[]> s_pools = Question.Any.Array[Forms];

    private static Pool? s_pool;

    public static Script Of(ulong run, int number, bool withFaults)
    {
        var random = new Random(unchecked((int)run + (number * 7919)));
        var pool = PoolOf(run, number / InPool);
        var questions = Enumerable.Range(0, Asked).Select(_ => pool[random.Next(Forms)].Shifted(random.Next(6))).ToArray();
        var pcg = new PCG((uint)number, run);
        var steps = new Step[random.Next(6, 13)];
        var isOpen = false;
        for (var i = 0; i < steps.Length; i++)
        {
            var change = Change.Any.Generate(pcg, null, out _);
            var (node, question) = (random.Next(Nodes), random.Next(Asked));
            steps[i] = random.Next(25) switch
            {
                < 9 => new Step.Read(node, question),
                < 18 => new Step.Write(node, change, question),
                < 21 => new Step.Race(node, change, random.Next(Nodes), question),
                21 => new Step.Follow(node, change, random.Next(Nodes), question),
                22 when withFaults => new Step.Fault(random.Next(64)),
                _ when isOpen => new Step.Close(random.Next(3) != 0),
                _ => new Step.Open(node, change.WithoutTruncate()),
            };
            isOpen = steps[i] is Step.Open || (isOpen && steps[i] is not Step.Close);
        }

        return new Script(run, number, withFaults, questions, steps);
    }

    public override string ToString()
        => $"script {Run}:{Number}, repeated with FRAISEQL_TEST_SCRIPT={Run}:{Number}{(HasFaults ? ":faults" : "")}\n{string.Join('\n', (object[])Questions)}\n{string.Join('\n', (object[])Steps)}";

    private static Question[] PoolOf(ulong run, int pool)
    {
        var known = s_pool;
        if (known is null || known.Run != run || known.Number != pool)
        {
            s_pool = known = new Pool(run, pool, s_pools.Generate(new PCG((uint)pool, run), null, out _));
        }

        return known.Forms;
    }

    // Worlds run side by side: one reference, so that none sees half of another's.
    private sealed record Pool(ulong Run, int Number, Question[] Forms);
}
