using Microsoft.EntityFrameworkCore.Query;

namespace FraiseQL.EfCore.State.Query;

/// <summary>Decorates the provider's factory.</summary>
internal sealed class PlanningSqlGeneratorFactory(QuerySqlGeneratorDependencies dependencies, IQuerySqlGeneratorFactory inner, QueryPlanner planner)
    : IQuerySqlGeneratorFactory
{
    public QuerySqlGenerator Create() => new PlanningSqlGenerator(dependencies, inner.Create(), planner);
}
