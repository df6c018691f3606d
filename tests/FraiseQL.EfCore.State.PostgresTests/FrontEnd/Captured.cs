using System.Linq.Expressions;
using CsCheck;
using FraiseQL.EfCore.State.PostgresTests.Caching;

namespace FraiseQL.EfCore.State.PostgresTests.FrontEnd;

/// <summary>What random queries capture: everything that one execution may change while the query stays the same.</summary>
internal sealed record Captured(int Int, int Other, string? Text, bool Flag, int Seed)
{
    private static readonly string?[] s_texts = [null, "", "Post 1", "1.2", "%"];

    public static readonly Gen<Captured> Any = Gen.Select(
        Gen.Int[1, 6], Gen.Int[1, 6], Gen.Int[0, 4].Select(i => s_texts[i]), Gen.Bool, Gen.Int[0, 7], (i, o, t, f, s) => new Captured(i, o, t, f, s));

    // Of the thread that builds the query and, before anything is awaited, executes it.
    [ThreadStatic]
    public static int SharedField;

    [ThreadStatic]
    private static int s_shared;

    public static int Shared
    {
        get => s_shared;
        set => s_shared = value;
    }

    public static readonly int Unchanging = 3;

    public int? Nullable => Seed % 3 == 0 ? null : Int;

    public decimal? Rating => Seed % 2 == 0 ? null : Int;

    public bool? Maybe => Seed % 3 == 0 ? null : Flag;

    public DateTime Date => new(2026, 1 + (Int % 3), Other, 0, 0, 0, DateTimeKind.Utc);

    public DayOfWeek Day => (DayOfWeek)Int;

    public long Long => Int;

    public object? Boxed => (Seed % 4) switch { 0 => null, 1 => Int, 2 => (long)Int, _ => Text };

    public int[] Array => [Int, Other];

    public List<int> List => Seed % 4 == 0 ? [] : [Int, Other, 7];

    public IEnumerable<int> Many => Seed % 2 == 0 ? Array : List;

    public string Name => Seed % 2 == 0 ? "Id" : "Views";

    public Captured? Inner => Seed == 5 ? null : this with { Int = Other };

    public (int First, int Second) Pair => (Int, Other);

    public Author? Author => Seed % 3 == 0 ? null : new Author { Id = Int };

    public int Throws => Seed == 6 ? throw new InvalidDataException("the getter throws") : Int;

    public IQueryable<Post> Query(BlogContext db) => Seed % 2 == 0 ? db.Posts.Where(p => p.Id > Other) : db.Posts.Where(p => p.Views > Other);

    public IEnumerable<Post>? Sequence(BlogContext db) => Seed % 3 == 0 ? null : Query(db);

    public Expression<Func<Post, bool>> Filter => Seed % 2 == 0 ? p => p.Views > Other : p => p.Id != Int;

    public int Call() => Int;

    public override string ToString() => $"{Int} {Other} '{Text}' {Flag} {Seed}";

    // Here the record itself is what is captured: two of them may be equal and not the same.
    public Expression<Func<Post, bool>> Own() => p => p.Id >= Int;
}
