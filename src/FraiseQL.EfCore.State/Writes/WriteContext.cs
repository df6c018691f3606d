using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State;

/// <summary>
/// What a write says of itself: who made it, for whom, and in which trace. It goes into the events of the write (<see cref="ChangeEvent{TEntity}.Context"/>),
/// in its own transaction and without a round trip of its own.
/// </summary>
/// <remarks>Belongs to one write; not thread-safe. A hint, not a proof: any program that writes to the database can say anything there.</remarks>
public sealed class WriteContext
{
    private Dictionary<string, string>? _further;

    internal WriteContext(DbContext context, IServiceProvider services, string? tenant, string? traceParent, string origin)
    {
        Context = context;
        Services = services;
        Tenant = tenant;
        TraceParent = traceParent;
        Origin = origin;
    }

    /// <summary>The context that writes.</summary>
    public DbContext Context { get; }

    /// <summary>
    /// The application's services as the context has them: those of its scope with <c>AddDbContext</c>, the root's with pooling and factories.
    /// </summary>
    public IServiceProvider Services { get; }

    /// <summary>The tenant.</summary>
    /// <value>The default value is that of <c>VaryBy("tenant", …)</c>, where there is one; otherwise <see langword="null"/>.</value>
    public string? Tenant { get; set; }

    /// <summary>Who writes: the identifier of a user or a service.</summary>
    /// <value>The default value is <see langword="null"/>.</value>
    public string? Actor { get; set; }

    /// <summary>What kind of actor it is, such as <c>user</c>, <c>service</c> or <c>job</c>.</summary>
    /// <value>The default value is <see langword="null"/>.</value>
    public string? ActorType { get; set; }

    /// <summary>For whom the actor writes, if for somebody else.</summary>
    /// <value>The default value is <see langword="null"/>.</value>
    public string? ActingFor { get; set; }

    /// <summary>The W3C trace parent, which handlers of the event continue.</summary>
    /// <value>The default value is that of <see cref="System.Diagnostics.Activity.Current"/>.</value>
    public string? TraceParent { get; set; }

    /// <summary>The node or program that writes. Alone it says nothing, and is not written.</summary>
    /// <value>The default value is the name of the machine.</value>
    public string? Origin { get; set; }

    /// <summary>Adds something of your own, such as the reason of a write.</summary>
    /// <param name="name">Its name; those of the properties in snake case (<c>tenant</c>, <c>acting_for</c>) are taken.</param>
    /// <param name="value">Its value; <see langword="null"/> takes it away.</param>
    /// <returns>The same object.</returns>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty, or one of the properties'.</exception>
    public WriteContext Set(string name, string? value)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (Own(name))
        {
            throw new ArgumentException(StateStrings.WriteContextNameTaken(name), nameof(name));
        }

        _further ??= new Dictionary<string, string>(StringComparer.Ordinal);
        if (value is null)
        {
            _further.Remove(name);
        }
        else
        {
            _further[name] = value;
        }

        return this;
    }

    internal IReadOnlyDictionary<string, string>? Further => _further;

    private static bool Own(string name) => name is "tenant" or "actor" or "actor_type" or "acting_for" or "traceparent" or "origin";
}
