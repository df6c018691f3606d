using System.Diagnostics.CodeAnalysis;
using System.Text;
using FraiseQL.EfCore.State.Consistency;

namespace FraiseQL.EfCore.State;

/// <summary>
/// What a reader must at least see: a position in one database, or in several. A writer takes it after its commit
/// (<c>db.Database.GetConsistencyTokenAsync()</c>), hands it on as text, and whoever reads with it (<c>db.Database.RequireConsistency(token)</c>,
/// <see cref="ConsistencyScope"/>), on any node and in any service with the same database, is never answered with older rows.
/// </summary>
/// <remarks>
/// Immutable and thread-safe. The text form has the letters, digits, dots and hyphens that a header, a cookie or a URL may have. It holds no secret, and
/// proves nothing: who makes one up makes his own reads slower.
/// </remarks>
public sealed class ConsistencyToken : IEquatable<ConsistencyToken>, IParsable<ConsistencyToken>
{
    private const string Version = "v1";
    private const char Separator = '.';
    private const int MostCharacters = 65_536;
    private const int MostParts = 64;

    private readonly TokenPart[] _parts;
    private string? _text;

    internal ConsistencyToken(IEnumerable<TokenPart> parts) => _parts = [.. parts.OrderBy(p => p.Log, StringComparer.Ordinal)];

    internal IReadOnlyList<TokenPart> Parts => _parts;

    /// <summary>Reads the text form.</summary>
    /// <param name="text">What <see cref="ToString"/> gave, here or elsewhere.</param>
    /// <returns>The token.</returns>
    /// <exception cref="FormatException"><paramref name="text"/> is not a token, or was damaged.</exception>
    public static ConsistencyToken Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out var token) ? token : throw new FormatException(StateStrings.NotAToken);
    }

    /// <summary>Reads the text form, if it is one.</summary>
    /// <param name="text">Anything.</param>
    /// <param name="token">The token; <see langword="null"/> if the text is not one.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out ConsistencyToken? token)
    {
        token = null;
        if (text is null || text.Length > MostCharacters || text.Split(Separator) is not [Version, .. { Length: > 0 and <= MostParts } words])
        {
            return false;
        }

        var parts = new List<TokenPart>();
        foreach (var word in words)
        {
            if (TokenPart.TryParse(word) is not { } part || parts.Exists(p => p.Log == part.Log))
            {
                return false;
            }

            parts.Add(part);
        }

        token = new ConsistencyToken(parts);
        return true;
    }

    static ConsistencyToken IParsable<ConsistencyToken>.Parse(string s, IFormatProvider? provider) => Parse(s);

    static bool IParsable<ConsistencyToken>.TryParse(string? s, IFormatProvider? provider, [MaybeNullWhen(false)] out ConsistencyToken result)
        => TryParse(s, out result);

    /// <summary>A token that asks for what this one and the other ask for, of the same database or of different ones.</summary>
    /// <param name="other">The other; <see langword="null"/> asks for nothing.</param>
    /// <returns>The token.</returns>
    public ConsistencyToken Merge(ConsistencyToken? other)
        => other is null || ReferenceEquals(this, other) ? this
            : new ConsistencyToken(_parts.Concat(other._parts).GroupBy(p => p.Log).Select(same => same.Aggregate((a, b) => a.Merge(b))));

    /// <inheritdoc/>
    public bool Equals(ConsistencyToken? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ConsistencyToken);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <summary>The text form, which any node can read.</summary>
    /// <returns>The text: some 60 characters for each database, and a few more for each transaction that was open there.</returns>
    public override string ToString()
    {
        if (_text is { } known)
        {
            return known;
        }

        var text = new StringBuilder(Version);
        foreach (var part in _parts)
        {
            text.Append(Separator);
            part.Write(text);
        }

        return _text = text.ToString();
    }
}
