using System.Linq.Expressions;
using FraiseQL.EfCore.State.FrontEnd;
using FraiseQL.EfCore.State.PostgresTests.Shapes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Query.Internal;
using Microsoft.EntityFrameworkCore.Storage;

// What is asked is what EF itself does; what it takes it keeps to itself.
#pragma warning disable EF1001, CS9107

namespace FraiseQL.EfCore.State.PostgresTests.FrontEnd;

/// <summary>
/// Stands in EF's place, executes nothing, and holds for each query what the front end would do beside what EF does: a known shape must give the
/// tree and the parameters that EF makes of this very query, with these very values.
/// </summary>
internal sealed class ExtractionOracle(
    IQueryContextFactory contexts,
    ICompiledQueryCache compiled,
    ICompiledQueryCacheKeyGenerator keys,
    IDatabase database,
    IDiagnosticsLogger<DbLoggerCategory.Query> logger,
    ICurrentDbContext current,
    IEvaluatableExpressionFilter filter,
    IModel model) : QueryCompiler(contexts, compiled, keys, database, logger, current, filter, model)
{
    public static ShapeTable Shapes { get; set; } = new();

    public static int Known { get; private set; }

    public static int Unknown { get; private set; }

    public static int Declined { get; private set; }

    public static int NotRead { get; private set; }

    public static string? Difference { get; private set; }

    public static void Begin() => (Shapes, Difference, Known, Unknown, Declined, NotRead) = (new(), null, 0, 0, 0, 0);

    public override TResult Execute<TResult>(Expression query) => throw Look<TResult>(query);

    public override TResult ExecuteAsync<TResult>(Expression query, CancellationToken cancellationToken = default) => throw Look<TResult>(query);

    private NotSupportedException Look<TResult>(Expression query)
    {
        Difference = Compare<TResult>(query);
        return new NotSupportedException("Nothing is executed here.");
    }

    private string? Compare<TResult>(Expression query)
    {
        var expected = new Dictionary<string, object?>();
        Expression? extracted = null;
        Exception? error = null;
        try
        {
            extracted = ExtractParameters(query, expected, logger);
        }
        catch (InvalidOperationException refused)
        {
            error = refused;
        }

        var reader = ShapeReader.Rent();
        try
        {
            if (!reader.TryRead(query, model, 0, typeof(TResult)))
            {
                NotRead++;
                return null;
            }

            var shape = Shapes.Find(reader);
            if (shape is null)
            {
                Unknown++;
                if (extracted is not null)
                {
                    var arguments = Extraction.Explain(query, extracted, expected, reader);
                    Shapes.Add(reader.ToShape(arguments is null ? null : () => extracted, arguments ?? []));
                }

                return null;
            }

            var actual = new Dictionary<string, object?>();
            if (shape.Executor is not Func<Expression> known || !shape.TryFill(actual, reader))
            {
                Declined++;
                return null;
            }

            Known++;
            return error is not null ? $"EF fails: {error.Message}"
                : !ExpressionEqualityComparer.Instance.Equals(extracted, known()) ? $"EF makes\n{extracted}\nthe shape is of\n{known()}"
                : Text(actual) != Text(expected) ? $"EF's parameters\n{Text(expected)}\nread\n{Text(actual)}"
                : null;
        }
        finally
        {
            reader.Return();
        }
    }

    private static string Text(Dictionary<string, object?> parameters) => string.Join('\n', parameters.Select(p => $"{p.Key} = {Graph.Of(p.Value)}"));
}
