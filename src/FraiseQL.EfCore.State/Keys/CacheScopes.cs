using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace FraiseQL.EfCore.State.Keys;

/// <summary>All scopes of one context type, and the application's version of what is cached. Fixed when the application has started.</summary>
internal sealed class CacheScopes
{
    // What begins each part of a key after the parameters, of which a plan has a fixed number.
    private const byte Version = 0xF2;
    private const byte Scope = 0xF3;

    /// <summary>What is claimed of a setting that does not count: nothing. No setting can have this value.</summary>
    public const string NotClaimed = "\0";

    private readonly byte[] _version;
    private readonly CacheScope[] _always;

    public CacheScopes(string? version, IReadOnlyList<CacheScope> scopes)
    {
        _version = string.IsNullOrEmpty(version) ? [] : SHA256.HashData(Encoding.UTF8.GetBytes(version));
        _always = [.. scopes.Where(s => s.Kind != CacheScopeKind.User).OrderBy(s => s.Name, StringComparer.Ordinal)];
        User = scopes.LastOrDefault(s => s.Kind == CacheScopeKind.User);
        SessionVariables = [.. _always.Where(s => s.Kind == CacheScopeKind.SessionVariable)];
    }

    public static CacheScopes None { get; } = new(null, []);

    public CacheScope? User { get; }

    /// <summary>In the order of their names.</summary>
    public IReadOnlyList<CacheScope> SessionVariables { get; }

    /// <summary>Whether an answer that depends on who asks may be cached.</summary>
    public bool HasAny => _always.Length > 0;

    /// <summary>What keys are told apart by beside their query, by name.</summary>
    public IEnumerable<string> NamesFor(bool perUser) => [.. _always.Select(s => s.Name), .. perUser && User is not null ? (string[])[User.Name] : []];

    /// <summary>
    /// Appends what applies to one execution. Answers what it says about the session's settings, so that the application's functions are asked
    /// once: a second answer could be another one; and who the user is, where that is part of the key.
    /// </summary>
    /// <param name="writer">Takes it.</param>
    /// <param name="context">The context of the execution.</param>
    /// <param name="perUser">Whether the user counts.</param>
    /// <param name="readsSettings">Whether anything that the query reads may read the session's settings of the application's own.</param>
    /// <param name="user">The user, if he counts.</param>
    public string?[] Write(ref KeyWriter writer, DbContext context, bool perUser, bool readsSettings, out string? user)
    {
        user = null;
        if (_version.Length > 0)
        {
            writer.Byte(Version);
            writer.Bytes(_version);
        }

        if (_always.Length == 0 && !perUser)
        {
            return [];
        }

        var seen = ContextOf(context);
        var claims = SessionVariables.Count == 0 ? [] : new string?[SessionVariables.Count];
        var claimed = 0;
        foreach (var scope in _always)
        {
            if (!readsSettings && scope.IsOwnSetting)
            {
                claims[claimed++] = NotClaimed;
                continue;
            }

            var value = Write(ref writer, scope, seen);
            if (scope.Kind == CacheScopeKind.SessionVariable)
            {
                claims[claimed++] = value;
            }
        }

        if (perUser)
        {
            user = Write(ref writer, User!, seen);
        }

        return claims;
    }

    public IEnumerable<(string Name, string? Value)> ValuesOf(DbContext context, bool perUser, bool readsSettings)
    {
        var seen = ContextOf(context);
        foreach (var scope in perUser && User is not null ? [.. _always, User] : _always)
        {
            if (!readsSettings && scope.IsOwnSetting)
            {
                continue;
            }

            yield return (scope.Name, scope.Value(seen));
        }
    }

    public static CacheScopeContext ContextOf(DbContext context)
        => new(context, context.GetService<IDbContextOptions>().FindExtension<CoreOptionsExtension>()?.ApplicationServiceProvider ?? NoServices.Instance);

    private static string? Write(ref KeyWriter writer, CacheScope scope, CacheScopeContext context)
    {
        writer.Byte(Scope);
        writer.Text(scope.Name);
        var value = scope.Value(context);
        writer.Byte(value is null ? (byte)0 : (byte)1);
        writer.Text(value);
        return value;
    }

    private sealed class NoServices : IServiceProvider
    {
        public static readonly NoServices Instance = new();

        public object? GetService(Type serviceType) => null;
    }
}
