namespace FraiseQL.EfCore.State.Setup;

/// <summary>A context type that has state in this application; its services are under it as their key.</summary>
internal sealed record RegisteredContext(Type Type);
