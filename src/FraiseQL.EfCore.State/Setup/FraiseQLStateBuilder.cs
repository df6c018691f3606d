using System.ComponentModel;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State;

/// <summary>
/// What <c>AddFraiseQLState&lt;TContext&gt;()</c> returns: satellites (<c>AddRedis</c>) and handlers (<c>AddHandler</c>, <c>OnEvent</c>) hang on it.
/// </summary>
/// <remarks>Used while services are registered; not thread-safe.</remarks>
public sealed class FraiseQLStateBuilder
{
    internal FraiseQLStateBuilder(IServiceCollection services, Type contextType)
    {
        Services = services;
        ContextType = contextType;
    }

    /// <summary>The application's services, for satellites to register theirs.</summary>
    [EditorBrowsable(EditorBrowsableState.Advanced)]
    public IServiceCollection Services { get; }

    /// <summary>The context type that this state belongs to; it is the key of keyed services.</summary>
    [EditorBrowsable(EditorBrowsableState.Advanced)]
    public Type ContextType { get; }
}
