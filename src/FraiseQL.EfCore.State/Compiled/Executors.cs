using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.Compiled;

/// <summary>Gives analysed queries to EF, and binds what EF makes of them to the arguments as a whole.</summary>
internal static class Executors
{
    public static Executor<TContext, Arguments, IReadOnlyList<TElement>> List<TContext, TElement>(QueryAnalysis analysis)
        where TContext : DbContext
    {
        var query = (Expression<Func<TContext, IQueryable<TElement>>>)analysis.Query;
        var run = EF.CompileQuery(query);
        var runAsync = EF.CompileAsyncQuery(query);
        return new(
            (db, _) => Array.AsReadOnly([.. run(db)]),
            (db, _, cancellationToken) => ListAsync(runAsync(db), cancellationToken),
            SizeOf);
    }

    public static Executor<TContext, Arguments, TResult> Value<TContext, TResult>(QueryAnalysis analysis)
        where TContext : DbContext
    {
        var run = EF.CompileQuery((Expression<Func<TContext, TResult>>)analysis.Query);
        var runAsync = EF.CompileAsyncQuery(Cancellable<Func<TContext, CancellationToken, TResult>>(analysis.Query));
        return new(
            (db, _) => run(db),
            async (db, _, cancellationToken) => await runAsync(db, cancellationToken).ConfigureAwait(false),
            ValueSize<TResult>.Of);
    }

    public static Executor<TContext, Arguments<T1>, IReadOnlyList<TElement>> List<TContext, T1, TElement>(QueryAnalysis analysis)
        where TContext : DbContext
    {
        var query = (Expression<Func<TContext, T1, IQueryable<TElement>>>)analysis.Query;
        var run = EF.CompileQuery(query);
        var runAsync = EF.CompileAsyncQuery(query);
        return new(
            (db, a) => Array.AsReadOnly([.. run(db, a.First)]),
            (db, a, cancellationToken) => ListAsync(runAsync(db, a.First), cancellationToken),
            SizeOf);
    }

    public static Executor<TContext, Arguments<T1>, TResult> Value<TContext, T1, TResult>(QueryAnalysis analysis)
        where TContext : DbContext
    {
        var run = EF.CompileQuery((Expression<Func<TContext, T1, TResult>>)analysis.Query);
        var runAsync = EF.CompileAsyncQuery(Cancellable<Func<TContext, T1, CancellationToken, TResult>>(analysis.Query));
        return new(
            (db, a) => run(db, a.First),
            async (db, a, cancellationToken) => await runAsync(db, a.First, cancellationToken).ConfigureAwait(false),
            ValueSize<TResult>.Of);
    }

    public static Executor<TContext, Arguments<T1, T2>, IReadOnlyList<TElement>> List<TContext, T1, T2, TElement>(QueryAnalysis analysis)
        where TContext : DbContext
    {
        var query = (Expression<Func<TContext, T1, T2, IQueryable<TElement>>>)analysis.Query;
        var run = EF.CompileQuery(query);
        var runAsync = EF.CompileAsyncQuery(query);
        return new(
            (db, a) => Array.AsReadOnly([.. run(db, a.First, a.Second)]),
            (db, a, cancellationToken) => ListAsync(runAsync(db, a.First, a.Second), cancellationToken),
            SizeOf);
    }

    public static Executor<TContext, Arguments<T1, T2>, TResult> Value<TContext, T1, T2, TResult>(QueryAnalysis analysis)
        where TContext : DbContext
    {
        var run = EF.CompileQuery((Expression<Func<TContext, T1, T2, TResult>>)analysis.Query);
        var runAsync = EF.CompileAsyncQuery(Cancellable<Func<TContext, T1, T2, CancellationToken, TResult>>(analysis.Query));
        return new(
            (db, a) => run(db, a.First, a.Second),
            async (db, a, cancellationToken) => await runAsync(db, a.First, a.Second, cancellationToken).ConfigureAwait(false),
            ValueSize<TResult>.Of);
    }

    public static Executor<TContext, Arguments<T1, T2, T3>, IReadOnlyList<TElement>> List<TContext, T1, T2, T3, TElement>(QueryAnalysis analysis)
        where TContext : DbContext
    {
        var query = (Expression<Func<TContext, T1, T2, T3, IQueryable<TElement>>>)analysis.Query;
        var run = EF.CompileQuery(query);
        var runAsync = EF.CompileAsyncQuery(query);
        return new(
            (db, a) => Array.AsReadOnly([.. run(db, a.First, a.Second, a.Third)]),
            (db, a, cancellationToken) => ListAsync(runAsync(db, a.First, a.Second, a.Third), cancellationToken),
            SizeOf);
    }

    public static Executor<TContext, Arguments<T1, T2, T3>, TResult> Value<TContext, T1, T2, T3, TResult>(QueryAnalysis analysis)
        where TContext : DbContext
    {
        var run = EF.CompileQuery((Expression<Func<TContext, T1, T2, T3, TResult>>)analysis.Query);
        var runAsync = EF.CompileAsyncQuery(Cancellable<Func<TContext, T1, T2, T3, CancellationToken, TResult>>(analysis.Query));
        return new(
            (db, a) => run(db, a.First, a.Second, a.Third),
            async (db, a, cancellationToken) => await runAsync(db, a.First, a.Second, a.Third, cancellationToken).ConfigureAwait(false),
            ValueSize<TResult>.Of);
    }

    public static Executor<TContext, Arguments<T1, T2, T3, T4>, IReadOnlyList<TElement>> List<TContext, T1, T2, T3, T4, TElement>(QueryAnalysis analysis)
        where TContext : DbContext
    {
        var query = (Expression<Func<TContext, T1, T2, T3, T4, IQueryable<TElement>>>)analysis.Query;
        var run = EF.CompileQuery(query);
        var runAsync = EF.CompileAsyncQuery(query);
        return new(
            (db, a) => Array.AsReadOnly([.. run(db, a.First, a.Second, a.Third, a.Fourth)]),
            (db, a, cancellationToken) => ListAsync(runAsync(db, a.First, a.Second, a.Third, a.Fourth), cancellationToken),
            SizeOf);
    }

    public static Executor<TContext, Arguments<T1, T2, T3, T4>, TResult> Value<TContext, T1, T2, T3, T4, TResult>(QueryAnalysis analysis)
        where TContext : DbContext
    {
        var run = EF.CompileQuery((Expression<Func<TContext, T1, T2, T3, T4, TResult>>)analysis.Query);
        var runAsync = EF.CompileAsyncQuery(Cancellable<Func<TContext, T1, T2, T3, T4, CancellationToken, TResult>>(analysis.Query));
        return new(
            (db, a) => run(db, a.First, a.Second, a.Third, a.Fourth),
            async (db, a, cancellationToken) => await runAsync(db, a.First, a.Second, a.Third, a.Fourth, cancellationToken).ConfigureAwait(false),
            ValueSize<TResult>.Of);
    }

    // EF takes the token as one more parameter of the lambda.
    private static Expression<TDelegate> Cancellable<TDelegate>(LambdaExpression query)
        => Expression.Lambda<TDelegate>(query.Body, [.. query.Parameters, Expression.Parameter(typeof(CancellationToken), "cancellationToken")]);

    private static async ValueTask<IReadOnlyList<TElement>> ListAsync<TElement>(IAsyncEnumerable<TElement> elements, CancellationToken cancellationToken)
        => Array.AsReadOnly(await elements.ToArrayAsync(cancellationToken).ConfigureAwait(false));

    private static long SizeOf<TElement>(IReadOnlyList<TElement> elements)
    {
        // The list, its array, and the elements in it.
        var size = 24L + 24 + (elements.Count * ValueSize.Inline(typeof(TElement)));
        foreach (var element in elements)
        {
            size += ValueSize<TElement>.Of(element);
        }

        return size;
    }
}
