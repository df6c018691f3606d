using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace FraiseQL.EfCore.State.PostgresTests.Types;

/// <summary>One type of a column: where it is kept, and what is read from it.</summary>
internal abstract class TypeCase(string name)
{
    public string Name { get; } = name;

    /// <summary>Whether another node can be given it.</summary>
    public bool Shared { get; init; } = true;

    /// <summary>The reason code when queries that read the type are not cached.</summary>
    public string? Refused { get; init; }

    /// <summary>Whether PostgreSQL can compare such values, so that one can be a parameter.</summary>
    public bool Comparable { get; init; } = true;

    /// <summary>The reason code when queries with such a parameter are not cached.</summary>
    public string? RefusedAsParameter { get; init; }

    public abstract bool IsMutable { get; }

    public abstract void Map(EntityTypeBuilder builder);

    /// <summary>The values of the three rows: a value and NULL, NULL elsewhere, and the type's default.</summary>
    public abstract void Fill(Dictionary<string, object> row, int id);

    /// <summary>Reads both columns of all rows, in a way that only this <paramref name="bound"/> has.</summary>
    public abstract Task<object> ReadAsync(TypesContext db, int bound, bool cached, bool async);

    /// <summary>Finds rows by the value as a parameter.</summary>
    public abstract Task<object> FindAsync(TypesContext db, int bound, bool cached, bool async);

    /// <summary>Changes everything in a result of <see cref="ReadAsync"/> that can be changed.</summary>
    public abstract void Mutate(object result);
}

/// <inheritdoc/>
internal sealed class TypeCase<T, TNullable>(string name, string? storeType, T value, T byDefault, Func<T, TNullable> nullable) : TypeCase(name)
{
    private string Maybe => Name + "_maybe";

    /// <summary>What a careless caller does to a value.</summary>
    public Action<T>? Change { get; init; }

    public Action<PropertyBuilder>? Configure { get; init; }

    public override bool IsMutable => Change is not null;

    public override void Map(EntityTypeBuilder builder)
    {
        foreach (var property in (PropertyBuilder[])[builder.IndexerProperty<T>(Name).IsRequired(), builder.IndexerProperty<TNullable>(Maybe).IsRequired(false)])
        {
            if (storeType is not null)
            {
                property.HasColumnType(storeType);
            }

            Configure?.Invoke(property);
        }
    }

    public override void Fill(Dictionary<string, object> row, int id)
    {
        row[Name] = (id == 1 ? value : byDefault)!;
        row[Maybe] = (id == 1 ? nullable(value) : id == 2 ? default : nullable(byDefault))!;
    }

    public override Task<object> ReadAsync(TypesContext db, int bound, bool cached, bool async)
    {
        var (one, two) = (Name, Maybe);
        return RunAsync(Rows(db, bound).Select(s => new Pair { Id = (int)s["Id"], Value = EF.Property<T>(s, one), Maybe = EF.Property<TNullable>(s, two) }), cached, async);
    }

    public override Task<object> FindAsync(TypesContext db, int bound, bool cached, bool async)
    {
        var row = Expression.Parameter(typeof(Dictionary<string, object>), "s");
        var property = Expression.Call(typeof(EF), nameof(EF.Property), [typeof(T)], row, Expression.Constant(Name));

        // As the compiler writes it for a local variable, which is what EF makes a parameter of.
        var parameter = Expression.Field(Expression.Constant(new Holder(value)), nameof(Holder.Value));
        var equal = Expression.Lambda<Func<Dictionary<string, object>, bool>>(
            Expression.Equal(property, parameter, false, typeof(T).IsValueType ? typeof(T).GetMethod("op_Equality", [typeof(T), typeof(T)]) : null), row);
        return RunAsync(Rows(db, bound).Where(equal).Select(s => (int)s["Id"]), cached, async);
    }

    public override void Mutate(object result)
    {
        foreach (var pair in (List<Pair>)result)
        {
            foreach (var read in (object?[])[pair.Value, pair.Maybe])
            {
                if (read is T changed and not System.Collections.ICollection { Count: 0 })
                {
                    Change!(changed);
                }
            }
        }
    }

    private static IQueryable<Dictionary<string, object>> Rows(TypesContext db, int bound)
        => db.Samples.Where(s => (int)s["Id"] <= bound).OrderBy(s => (int)s["Id"]);

    private static async Task<object> RunAsync<TResult>(IQueryable<TResult> query, bool cached, bool async)
    {
        if (cached)
        {
            query = query.Cacheable(TimeSpan.FromMinutes(10));
        }

        // The synchronous way is what this shows too.
#pragma warning disable CA1849
        return async ? await query.ToListAsync() : query.ToList();
#pragma warning restore CA1849
    }

    private sealed class Pair
    {
        public int Id { get; init; }

        public T? Value { get; init; }

        public TNullable? Maybe { get; init; }
    }

    private sealed class Holder(T value)
    {
        public readonly T Value = value;
    }
}
