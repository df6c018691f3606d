using System.Globalization;

namespace FraiseQL.EfCore.State.Memcached;

/// <summary>One server. Its text decides which keys belong to it, so it is normalised.</summary>
internal readonly record struct MemcachedAddress(string Host, int Port)
{
    private const int DefaultPort = 11211;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");

    /// <summary>Why a text is no list of addresses, without a part of it; <see langword="null"/> when it is one.</summary>
    public static string? Check(string text)
    {
        try
        {
            ParseList(text, nameof(text));
            return null;
        }
        catch (ArgumentException error)
        {
            // The name of the parameter, which the exception adds, is of no use here.
            return error.Message.Split(" (Parameter ")[0];
        }
    }

    /// <exception cref="ArgumentException">The text is not a list of addresses; the message says which item and why.</exception>
    public static MemcachedAddress[] ParseList(string text, string parameter)
        => string.IsNullOrWhiteSpace(text)
            ? throw new ArgumentException(MemcachedStrings.Empty, parameter)
            : ParseAll(text.Split(','), parameter);

    /// <inheritdoc cref="ParseList"/>
    public static MemcachedAddress[] ParseAll(IEnumerable<string> items, string parameter)
    {
        var addresses = new List<MemcachedAddress>();
        var number = 0;
        foreach (var item in items)
        {
            number++;
            var address = Parse(item?.Trim() ?? "", why => throw new ArgumentException(MemcachedStrings.BadAddress(number, why), parameter));
            if (addresses.Contains(address))
            {
                throw new ArgumentException(MemcachedStrings.BadAddress(number, "it names the same server as an earlier one"), parameter);
            }

            addresses.Add(address);
        }

        return [.. addresses];
    }

    private static MemcachedAddress Parse(string text, Action<string> refuse)
    {
        const string Scheme = "memcached://";
        if (text.Contains("://", StringComparison.Ordinal))
        {
            if (!text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            {
                refuse("its scheme is not memcached (TLS is not supported)");
            }

            text = text[Scheme.Length..].TrimEnd('/');
        }

        if (text.Contains('@', StringComparison.Ordinal))
        {
            refuse("it has a user or a password, which this client does not support");
        }

        // An IPv6 address has colons of its own, and needs brackets when a port follows.
        var (host, port) = (text, "");
        if (text.StartsWith('['))
        {
            var end = text.IndexOf(']', StringComparison.Ordinal);
            if (end < 0 || (end + 1 < text.Length && text[end + 1] != ':'))
            {
                refuse("its brackets are not closed, or not followed by a port");
            }

            (host, port) = (text[1..end], end + 1 < text.Length ? Port(text[(end + 2)..]) : "");
        }
        else if (text.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon && colon == text.LastIndexOf(':'))
        {
            (host, port) = (text[..colon], Port(text[(colon + 1)..]));
        }

        if (Uri.CheckHostName(host) == UriHostNameType.Unknown)
        {
            refuse("it names no host");
        }

        var number = DefaultPort;
        if (port.Length > 0 && (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out number) || number is < 1 or > 65535))
        {
            refuse("its port is not a number from 1 to 65535");
        }

        return new MemcachedAddress(host.ToLowerInvariant(), number);

        static string Port(string given) => given.Length == 0 ? "?" : given;
    }
}
