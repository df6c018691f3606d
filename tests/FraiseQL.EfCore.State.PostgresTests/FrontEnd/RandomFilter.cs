using System.Linq.Expressions;
using CsCheck;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.PostgresTests.FrontEnd;

/// <summary>A random filter: its form; the values come with each execution.</summary>
internal sealed record RandomFilter(int Kind, RandomFilter? Left, RandomFilter? Right)
{
    private const int And = -1;
    private const int Or = -2;
    private const int Not = -3;
    private const int Kinds = 69;

    // Most are of those that EF takes values out of and leaves as they are; one of the others makes the whole query EF's alone.
    private static readonly int[] s_plain = [0, 1, 3, 4, 5, 8, 9, 10, 11, 12, 13, 18, 19, 20, 24, 25, 26, 27, 31, 33, 34, 37, 44, 45, 46, 49, 51, 53, 54, 55, 57, 60, 62, 65, 66, 67, 68];

    public static readonly Gen<RandomFilter> Any = Gen.Recursive<RandomFilter>((depth, inner) => depth >= 2
        ? Leaves
        : Gen.Frequency(
            (6, Leaves),
            (2, Gen.Select(inner, inner, (a, b) => new RandomFilter(And, a, b))),
            (2, Gen.Select(inner, inner, (a, b) => new RandomFilter(Or, a, b))),
            (1, inner.Select(a => new RandomFilter(Not, a, null)))));

    private static Gen<RandomFilter> Leaves
        => Gen.Frequency((1, Gen.Int[0, Kinds - 1]), (2, Gen.Int[0, s_plain.Length - 1].Select(i => s_plain[i]))).Select(k => new RandomFilter(k, null, null));

    public Expression<Func<Post, bool>> Build(BlogContext db, Captured v)
    {
        var row = Expression.Parameter(typeof(Post), "p");
        return Expression.Lambda<Func<Post, bool>>(Body(this), row);

        Expression Body(RandomFilter filter) => filter.Kind switch
        {
            And => Expression.AndAlso(Body(filter.Left!), Body(filter.Right!)),
            Or => Expression.OrElse(Body(filter.Left!), Body(filter.Right!)),
            Not => Expression.Not(Body(filter.Left!)),
            _ => Over(Leaf(filter.Kind, db, v), row),
        };
    }

    public override string ToString() => Kind switch
    {
        And => $"({Left} && {Right})",
        Or => $"({Left} || {Right})",
        Not => $"!{Left}",
        _ => $"#{Kind}",
    };

    private static Expression<Func<Post, bool>> Leaf(int kind, BlogContext db, Captured v)
    {
        var n = v.Int;
        var m = v.Other;
        var text = v.Text;
        var flag = v.Flag;
        int[] ids = v.Array;
        int? maybe = v.Nullable;
        object? boxed = v.Boxed;
        Captured.Shared = n;
        Captured.SharedField = m;
        return kind switch
        {
            0 => p => p.Id == n,
            1 => p => p.Id == v.Int,
            2 => p => p.Views > v.Inner!.Int,
            3 => p => p.Rating == v.Rating,
            4 => p => p.Rating == null,
            5 => p => p.Title == text,
            6 => p => p.Title.Contains(text!),
            7 => p => p.Title.StartsWith("Post " + n),
            8 => p => p.PublishedAt > v.Date,
            9 => p => ids.Contains(p.Id),
            10 => p => v.List.Contains(p.Id),
            11 => p => v.Many.Contains(p.Id),
            12 => p => new[] { n, v.Other }.Contains(p.Id),
            13 => p => new[] { 1, 2, 3 }.Contains(p.Id),
            14 => p => flag && p.Views > 5,
            15 => p => flag || p.Id == n,
            16 => p => (maybe ?? p.Id) == p.Id,
            17 => p => (flag ? p.Id : p.Views) > n,
            18 => p => p.Id == n || p.Views < n,
            19 => p => p.Comments.Any(c => c.PostId > n),
            20 => p => p.Comments.Count(c => c.Text == text) > m % 2,
            21 => p => db.Comments.Any(c => c.PostId == p.Id && c.Id == n),
            22 => p => p.Id == v.Call(),
            23 => p => p.Id == ids[0],
            24 => p => p.Id == Captured.Shared,
            25 => p => p.Id == Captured.SharedField,
            26 => p => p.Id == Captured.Unchanging,
            27 => p => p.PublishedAt < DateTime.UtcNow,
            28 => p => p.Id.Equals(boxed),
            29 => p => EF.Constant(ids).Contains(p.Id),
            30 => p => EF.Parameter(ids).Contains(p.Id),
            31 => p => EF.Property<int>(p, "Id") == n,
            32 => p => EF.Property<int>(p, v.Name) == n,
            33 => Constant(n),
            34 => Constant(text),
            35 => p => p.Rating > n,
            36 => p => p.Id == v.Long,
            37 => p => p.Author == v.Author,
            38 => p => p.Author!.Name == v.Inner!.Text,
            39 => p => v.Query(db).Any(q => q.Id == p.Id),
            40 => Nested(v.Query(db)),
            41 => p => v.Sequence(db)!.Any(q => q.Id == p.Id),
            42 => NestedSequence(v.Sequence(db)),
            43 => p => db.Posts.Where(v.Filter).Any(q => q.Id == p.Id),
            44 => p => p.Comments.Any() && EF.Functions.Like(p.Title, text!),
            45 => p => p.Views == v.Nullable,
            46 => p => p.Views == (int?)n,
            47 => p => string.IsNullOrEmpty(text) || p.Title.Contains(text),
            48 => p => text == null || p.Title == text,
            49 => p => p.PublishedAt.Date == v.Date.Date,
            50 => p => v.Nullable.HasValue && p.Id == v.Nullable.Value,
            51 => q => q.Id == n,
            52 => p => p.PublishedAt.DayOfWeek == v.Day,
            53 => p => p.Id == v.Pair.First,
            54 => v.Own(),
            55 => (v with { Int = flag ? n : m }).Own(),
            56 => p => p.Id == v.Throws,
            57 => p => p.Comments.Any(c => c.PostId == n && p.Comments.Any(d => d.Id == c.Id && d.Id == m)),
            58 => p => p.Title == (text ?? p.Title),
            59 => p => (v.Maybe ?? p.Id > 3) && p.Views > n,
            60 => p => p.Author!.Posts.Where(o => o.Views > n).Select(o => o.Id).Take(2).Contains(p.Id),
            61 => p => maybe == null ? p.Rating == null : p.Views > m,
            62 => p => (p.Rating ?? v.Int) > m,
            63 => Lifted(() => v.Maybe),
            64 => p => p.Rating > v.Rating,
            65 => p => p.Comments.Any(c => c.Post!.Comments.Any(d => c.Id > d.Id)),
            66 => p => p.Comments.Any(c => c.Post!.Comments.Any(d => d.Id > c.Id)),
            67 => p => p.Id == v.Other,
            68 => p => p.Views == n,
            _ => p => p.Tags.Select(t => t.Id).Intersect(ids).Any(),
        };
    }

    private static Expression<Func<Post, bool>> Nested(IQueryable<Post> posts) => p => posts.Any(q => q.Id == p.Id);

    private static Expression<Func<Post, bool>> NestedSequence(IEnumerable<Post>? posts) => p => posts!.Any(q => q.Id == p.Id);

    // Not to be written in C#: && over values of which one may be null.
    private static Expression<Func<Post, bool>> Lifted(Expression<Func<bool?>> maybe)
    {
        var p = Expression.Parameter(typeof(Post), "p");
        var row = Expression.Convert(Expression.GreaterThan(Expression.Property(p, nameof(Post.Id)), Expression.Constant(3)), typeof(bool?));
        return Expression.Lambda<Func<Post, bool>>(
            Expression.Equal(Expression.AndAlso(maybe.Body, row), Expression.Constant(true, typeof(bool?))), p);
    }

    // What an application that builds its filters itself makes: the value is part of the query.
    private static Expression<Func<Post, bool>> Constant<T>(T value)
    {
        var p = Expression.Parameter(typeof(Post), "p");
        var member = Expression.Property(p, typeof(T) == typeof(int) ? nameof(Post.Views) : nameof(Post.Title));
        return Expression.Lambda<Func<Post, bool>>(Expression.NotEqual(member, Expression.Constant(value, typeof(T))), p);
    }

    private static Expression Over(Expression<Func<Post, bool>> leaf, ParameterExpression row) => new Replacement(leaf.Parameters[0], row).Visit(leaf.Body);

    private sealed class Replacement(ParameterExpression from, ParameterExpression to) : ExpressionVisitor
    {
        protected override Expression VisitParameter(ParameterExpression node) => node == from ? to : node;
    }
}
