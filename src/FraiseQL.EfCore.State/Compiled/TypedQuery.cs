using System.Globalization;
using System.Runtime.CompilerServices;
using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.Query;
using FraiseQL.EfCore.State.Writes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace FraiseQL.EfCore.State.Compiled;

/// <summary>
/// A compiled query whose immutable result is shared. A hit finds the result by a typed key, asks the same questions as the ordinary path (transaction,
/// listener, freshness, time to live, scope), and runs nothing of EF. Everything else is EF's compiled query, through the ordinary cache.
/// </summary>
/// <remarks>Thread-safe, as contexts are not.</remarks>
internal sealed class TypedQuery<TContext, TArguments, TResult>(
    QueryAnalysis analysis, Func<QueryAnalysis, Executor<TContext, TArguments, TResult>> compile)
    where TContext : DbContext
    where TArguments : struct, IArguments
{
    private readonly ConditionalWeakTable<IModel, Binding> _bindings = [];
    private Binding? _last;

    public ValueTask<TResult> ExecuteAsync(TContext context, TArguments arguments, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<TResult>(cancellationToken);
        }

        var binding = BindingOf(context);
        var session = SessionOf(context);
        return TryGetShared(binding, session, context, arguments, out var shared)
            ? ValueTask.FromResult(shared)
            : RunAsync(binding, session, context, arguments, cancellationToken);
    }

    public TResult Execute(TContext context, TArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(context);
        var binding = BindingOf(context);
        var session = SessionOf(context);
        if (TryGetShared(binding, session, context, arguments, out var shared))
        {
            return shared;
        }

        var seen = session.Observe();
        try
        {
            var result = binding.Executor.Run(context, arguments);
            Share(binding, session, context, arguments, seen, result);
            return result;
        }
        finally
        {
            session.StopObserving();
        }
    }

    private static StateSession SessionOf(TContext context)
        => StateSession.Find(context)
            ?? throw new InvalidOperationException(StateStrings.CompiledNeedsUseFraiseQLState(typeof(TContext).Name));

    private async ValueTask<TResult> RunAsync(
        Binding binding, StateSession session, TContext context, TArguments arguments, CancellationToken cancellationToken)
    {
        var seen = session.Observe();
        try
        {
            var result = await binding.Executor.RunAsync(context, arguments, cancellationToken).ConfigureAwait(false);
            Share(binding, session, context, arguments, seen, result);
            return result;
        }
        finally
        {
            session.StopObserving();
        }
    }

    private bool TryGetShared(Binding binding, StateSession session, TContext context, in TArguments arguments, out TResult result)
    {
        result = default!;
        var writer = new KeyWriter(stackalloc byte[384]);
        try
        {
            if (!TryWriteKey(ref writer, binding, session, context, arguments))
            {
                return false;
            }

            var runtime = session.Runtime;
            var key = runtime.TypedKeys.Find(writer.Written, KeyMemo<TypedKey>.HashOf(writer.Written));
            if (key is null
                || key.Lookup.Policy.LooksFurther
                || !session.RequirementOn(key.Lookup.Database).IsMet
                || session.WhyBypass(session.Connection, key.Lookup.Database, key.Plan, key.Lookup.Policy) is not null
                || runtime.Store.FindInL1(key.Lookup.Key!) is not { } entry
                || entry.SharedWith(key) is not { } shared
                || !CachingRelationalCommand.IsServable(entry, key.Lookup, runtime))
            {
                return false;
            }

            if (runtime.Checker is { } checks && checks.Takes())
            {
                // A hit without a command: the next one, of the same query and with one, is checked instead.
                session.IsSampleDue = true;
                return false;
            }

            session.Served(key.Plan, key.Lookup.Policy, CacheOutcome.L1Hit);
            result = Unwrap(shared);
            return true;
        }
        finally
        {
            writer.Dispose();
        }
    }

    private void Share(Binding binding, StateSession session, TContext context, in TArguments arguments, Observation seen, TResult result)
    {
        // One entry is what the result was made of: not several, and not rows that came past the cache.
        if (seen.Entry is not { } entry || seen.Plan is not { } plan)
        {
            return;
        }

        if (seen.Lookup.Policy.PerUser)
        {
            binding.IsPerUser = true;
        }

        var writer = new KeyWriter(stackalloc byte[384]);
        try
        {
            if (TryWriteKey(ref writer, binding, session, context, arguments))
            {
                var key = new TypedKey(writer.Written.ToArray(), KeyMemo<TypedKey>.HashOf(writer.Written), plan, seen.Lookup);
                var isFirst = entry.TryShare(key, Wrap(result));
                session.Runtime.TypedKeys.Remember(key);
                if (isFirst)
                {
                    session.Runtime.Store.Memory.Grow(seen.Lookup.Key!.Text, binding.Executor.SizeOf(result) + key.Bytes.Length + 160);
                }
            }
        }
        finally
        {
            writer.Dispose();
        }
    }

    private bool TryWriteKey(ref KeyWriter writer, Binding binding, StateSession session, TContext context, in TArguments arguments)
    {
        writer.Int64(binding.Number);
        writer.Bytes(session.DatabaseOf(session.Connection).Identity.KeyBytes);
        if (analysis.UsesCulture)
        {
            var culture = CultureInfo.CurrentCulture;
            if (!culture.IsReadOnly)
            {
                return false;
            }

            writer.Text(culture.Name);
        }

        foreach (var value in binding.Filters)
        {
            try
            {
                if (!value.TryWrite(ref writer, context))
                {
                    return false;
                }
            }
            catch (NullReferenceException)
            {
                // Of the filter's own; EF, which may not need the value, decides what becomes of it.
                return false;
            }
        }

        return arguments.TryWrite(ref writer)
            && CachingRelationalCommand.TryWriteScopes(ref writer, session.Runtime.Scopes, context, binding.IsPerUser, readsSettings: true, out _, out _);
    }

    private Binding BindingOf(TContext context)
    {
        var model = context.Model;
        var last = Volatile.Read(ref _last);
        if (last is not null && ReferenceEquals(last.Model, model))
        {
            return last;
        }

        var binding = Bind(model);
        Volatile.Write(ref _last, binding);
        return binding;
    }

    // By itself, since its closures would be allocated on each hit.
    private Binding Bind(IModel model)
    {
        if (_bindings.TryGetValue(model, out var binding))
        {
            return binding;
        }

        if (analysis.ResultTypes.FirstOrDefault(type => model.FindEntityTypes(type).Any()) is { } entity)
        {
            throw new InvalidOperationException(StateStrings.CannotShare(StateStrings.EntityInResult(ImmutableResult.Name(entity))));
        }

        return _bindings.GetValue(model, m => new Binding(m, TypedQueryNumber.Next(), FilterReader.Read(m, analysis), compile(analysis)));
    }

    // A value type is boxed once, when it is shared, and not on each hit.
    private static object Wrap(TResult result) => typeof(TResult).IsValueType ? new Box(result) : result ?? Nothing.Instance;

    private static TResult Unwrap(object shared)
        => typeof(TResult).IsValueType ? ((Box)shared).Value : ReferenceEquals(shared, Nothing.Instance) ? default! : Unsafe.As<object, TResult>(ref shared);

    private sealed class Box(TResult value)
    {
        public TResult Value { get; } = value;
    }

    private sealed class Nothing
    {
        public static readonly object Instance = new Nothing();
    }

    /// <summary>The query for one model: EF's compiled form, which knows no other, and what its filters read.</summary>
    private sealed record Binding(IModel Model, long Number, FilterValue[] Filters, Executor<TContext, TArguments, TResult> Executor)
    {
        private volatile bool _isPerUser;

        /// <summary>Set before the first key of a result that depends on the user is written, and from then on the user is part of every key.</summary>
        public bool IsPerUser
        {
            get => _isPerUser;
            set => _isPerUser = value;
        }
    }
}

/// <summary>Numbers that no two compiled queries of this process share.</summary>
internal static class TypedQueryNumber
{
    private static long s_last;

    public static long Next() => Interlocked.Increment(ref s_last);
}

/// <summary>EF's compiled query in both forms, and the size of its results.</summary>
internal sealed record Executor<TContext, TArguments, TResult>(
    Func<TContext, TArguments, TResult> Run,
    Func<TContext, TArguments, CancellationToken, ValueTask<TResult>> RunAsync,
    Func<TResult, long> SizeOf);
