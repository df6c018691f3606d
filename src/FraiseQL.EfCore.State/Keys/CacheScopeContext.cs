using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State;

/// <summary>What a function given to <c>VaryBy</c> may look at to say whose result it is.</summary>
/// <param name="Context">The context that executes the query.</param>
/// <param name="Services">
/// The application's services as the context has them: those of its scope with <c>AddDbContext</c>, the root's with pooling and factories.
/// </param>
public readonly record struct CacheScopeContext(DbContext Context, IServiceProvider Services);
