using System.Linq.Expressions;
using CsCheck;
using FraiseQL.EfCore.State.PostgresTests.Caching;

namespace FraiseQL.EfCore.State.PostgresTests.Differential;

/// <summary>A random predicate, as a value that can be printed and made smaller; the same one can be read over each of the entities.</summary>
internal abstract record Predicate
{
    private static readonly int[] s_equalities = [0, 1, 1, 4];

    public static readonly Gen<Predicate> Any = Gen.Recursive<Predicate>((depth, inner) => depth >= 2
        ? AtomGen
        : Gen.Frequency(
            (5, AtomGen),
            (2, Gen.Select(inner, inner, (a, b) => (Predicate)new And(a, b))),
            (2, Gen.Select(inner, inner, (a, b) => (Predicate)new Or(a, b))),
            (1, inner.Select(p => (Predicate)new Not(p)))));

    // Equalities more often than the rest: a narrow dependency is where an invalidation can miss.
    private static Gen<Predicate> AtomGen => Gen.Select(
        Gen.Frequency((3, Gen.Int[0, 14]), (2, Gen.Int[0, 3].Select(i => s_equalities[i]))), Gen.Int[1, 6], Gen.Bool, (k, v, c) => (Predicate)new Atom(k, v, c));

    /// <summary>The same form with other values; constants are part of the form.</summary>
    public Predicate Shifted(int by) => this switch
    {
        And(var left, var right) => new And(left.Shifted(by), right.Shifted(by)),
        Or(var left, var right) => new Or(left.Shifted(by), right.Shifted(by)),
        Not(var inner) => new Not(inner.Shifted(by)),
        Atom { IsConstant: false } atom => atom with { Value = 1 + ((atom.Value + by) % 6) },
        _ => this,
    };

    public Expression<Func<Post, bool>> OverPosts(BlogContext db) => Build<Post>(a => PostAtom(db, a.Kind, a.Value));

    public Expression<Func<Author, bool>> OverAuthors(BlogContext db) => Build<Author>(a => AuthorAtom(db, a.Kind, a.Value));

    public Expression<Func<Comment, bool>> OverComments() => Build<Comment>(a => CommentAtom(a.Kind, a.Value));

    private static Expression<Func<Post, bool>> PostAtom(BlogContext db, int kind, int v)
    {
        int[] ids = [v, v + 1];
        return kind switch
        {
            0 => p => p.Id == v,
            1 => p => p.AuthorId == v,
            2 => p => p.Views > 5 * v,
            3 => p => p.Rating == null,
            4 => p => p.Title == "Post 1." + v,
            5 => p => p.Author!.Name == "Author " + v,
            6 => p => p.Tags.Any(t => t.Id == v),
            7 => p => p.Comments.Any(),
            8 => p => p.Comments.Count > v % 2,
            9 => p => p.Comments.All(c => c.PostId >= v),
            10 => p => ids.Contains(p.Id),
            11 => p => p.AuthorId != v,
            12 => p => p.Comments.Any(c => c.Id == v),
            13 => p => db.Posts.Any(o => o.AuthorId == p.AuthorId && o.Id == v),
            _ => p => p.Author!.Posts.Count > v,
        };
    }

    private static Expression<Func<Author, bool>> AuthorAtom(BlogContext db, int kind, int v) => (kind % 8) switch
    {
        0 or 1 => a => a.Id == v,
        2 => a => a.Name == "Author " + v,
        3 => a => a.Posts.Any(p => p.Views > 5 * v),
        4 => a => a.Posts.Count > v,
        5 => a => a.Posts.Any(p => p.Id == v),
        6 => a => !a.Posts.Any(),
        _ => a => db.Comments.Any(c => c.Post!.AuthorId == a.Id && c.Id == v),
    };

    private static Expression<Func<Comment, bool>> CommentAtom(int kind, int v) => (kind % 6) switch
    {
        0 => c => c.Id == v,
        1 or 2 => c => c.PostId == v,
        3 => c => c.Post!.AuthorId == v,
        4 => c => c.Text != "comment " + v,
        _ => c => c.Post!.Tags.Any(t => t.Id == v),
    };

    private Expression<Func<T, bool>> Build<T>(Func<Atom, Expression<Func<T, bool>>> atom)
    {
        var row = Expression.Parameter(typeof(T), "row");
        return Expression.Lambda<Func<T, bool>>(Body(this), row);

        Expression Body(Predicate predicate) => predicate switch
        {
            And(var left, var right) => Expression.AndAlso(Body(left), Body(right)),
            Or(var left, var right) => Expression.OrElse(Body(left), Body(right)),
            Not(var inner) => Expression.Not(Body(inner)),
            Atom one => Rewrite(one, atom(one)),
            _ => throw new InvalidOperationException(),
        };

        Expression Rewrite(Atom one, Expression<Func<T, bool>> lambda)
            => new Replacer(lambda.Parameters[0], row, one.IsConstant).Visit(lambda.Body);
    }

    internal sealed record And(Predicate Left, Predicate Right) : Predicate;

    internal sealed record Or(Predicate Left, Predicate Right) : Predicate;

    internal sealed record Not(Predicate Inner) : Predicate;

    /// <param name="Kind">Which comparison.</param>
    /// <param name="Value">With what.</param>
    /// <param name="IsConstant">Whether the value is in the SQL itself instead of a parameter.</param>
    internal sealed record Atom(int Kind, int Value, bool IsConstant) : Predicate;

    /// <summary>Gives all parts one row, and, if asked, puts the captured number into the tree.</summary>
    private sealed class Replacer(ParameterExpression from, ParameterExpression to, bool inline) : ExpressionVisitor
    {
        protected override Expression VisitParameter(ParameterExpression node) => node == from ? to : node;

        protected override Expression VisitMember(MemberExpression node)
            => inline && node is { Expression: ConstantExpression { Value: { } closure }, Member: System.Reflection.FieldInfo { FieldType: var type } field } && type == typeof(int)
                ? Expression.Constant(field.GetValue(closure), typeof(int))
                : base.VisitMember(node);
    }
}
