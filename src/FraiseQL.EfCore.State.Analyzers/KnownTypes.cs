using Microsoft.CodeAnalysis;

namespace FraiseQL.EfCore.State.Analyzers;

/// <summary>The types of a compilation that the rules ask for.</summary>
internal sealed class KnownTypes
{
    private readonly INamedTypeSymbol _marks;
    private readonly INamedTypeSymbol? _queryable;

    private KnownTypes(Compilation compilation, INamedTypeSymbol marks)
    {
        _marks = marks;
        _queryable = compilation.GetTypeByMetadataName("System.Linq.IQueryable");
        Options = compilation.GetTypeByMetadataName("FraiseQL.EfCore.State.CacheableOptionsBuilder");
        ContextOptions = compilation.GetTypeByMetadataName("FraiseQL.EfCore.State.FraiseQLStateOptionsBuilder");
        EntityOptions = compilation.GetTypeByMetadataName("Microsoft.EntityFrameworkCore.FraiseQLStateEntityTypeBuilderCacheExtensions");
        Handler = compilation.GetTypeByMetadataName("FraiseQL.EfCore.State.IChangeHandler`1");
        HandlerMethods = compilation.GetTypeByMetadataName("Microsoft.Extensions.DependencyInjection.FraiseQLStateHandlerExtensions");
        CancellationToken = compilation.GetTypeByMetadataName("System.Threading.CancellationToken");
        TimeSpan = compilation.GetTypeByMetadataName("System.TimeSpan");
        Expression = compilation.GetTypeByMetadataName("System.Linq.Expressions.Expression`1");
    }

    public INamedTypeSymbol? Options { get; }

    public INamedTypeSymbol? ContextOptions { get; }

    public INamedTypeSymbol? EntityOptions { get; }

    public INamedTypeSymbol? Handler { get; }

    public INamedTypeSymbol? HandlerMethods { get; }

    public INamedTypeSymbol? CancellationToken { get; }

    public INamedTypeSymbol? TimeSpan { get; }

    public INamedTypeSymbol? Expression { get; }

    /// <summary>Null where the library is not referenced.</summary>
    public static KnownTypes? Find(Compilation compilation)
        => compilation.GetTypeByMetadataName("Microsoft.EntityFrameworkCore.FraiseQLStateQueryableExtensions") is { } marks
            ? new KnownTypes(compilation, marks)
            : null;

    public bool IsMark(IMethodSymbol method) => method.Name is "Cacheable" or "NotCacheable" && Same(method.ContainingType, _marks);

    public bool IsQueryable(ITypeSymbol? type)
        => type is not null && (Same(type, _queryable) || type.AllInterfaces.Any(i => Same(i, _queryable)));

    public static bool Same(ISymbol? one, ISymbol? other) => one is not null && SymbolEqualityComparer.Default.Equals(one, other);
}
