using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace FraiseQL.EfCore.State.Memcached;

/// <summary>What of Memcached's meta protocol is used: <c>mg key v</c>, <c>ms key length T</c>, the same with <c>ME</c>, <c>md key</c>; and <c>stats settings</c>. Lines end with CR LF.</summary>
internal static class MetaProtocol
{
    public const int LongestKey = 250;

    /// <summary>A line of an answer is never longer; a longer one is not Memcached's.</summary>
    public const int LongestLine = 2048;

    // Beyond 30 days Memcached takes the number for a point in time.
    private static readonly TimeSpan s_longestRelative = TimeSpan.FromDays(30);

    public static readonly byte[] Settings = "stats settings\r\n"u8.ToArray();

    public static byte[] Get(string key) => Line($"mg {Key(key)} v\r\n");

    public static byte[] Set(string key, int length, TimeSpan ttl, TimeProvider time)
        => Line(string.Create(CultureInfo.InvariantCulture, $"ms {Key(key, length)} T{Expiration(ttl, time)}\r\n"));

    /// <summary>Stores only where there is nothing.</summary>
    public static byte[] Add(string key, int length, TimeSpan ttl, TimeProvider time)
        => Line(string.Create(CultureInfo.InvariantCulture, $"ms {Key(key, length)} T{Expiration(ttl, time)} ME\r\n"));

    public static byte[] Delete(string key) => Line($"md {Key(key)}\r\n");

    /// <summary>Seconds, never 0, which would mean for ever.</summary>
    public static long Expiration(TimeSpan ttl, TimeProvider time)
    {
        var seconds = Math.Max(1, (long)Math.Ceiling(ttl.TotalSeconds));
        return ttl <= s_longestRelative ? seconds : time.GetUtcNow().ToUnixTimeSeconds() + seconds;
    }

    /// <summary>Reads the first line of an answer, without its end.</summary>
    /// <returns>What it says. <see cref="MetaAnswer.Length"/> is the value's, when one follows.</returns>
    public static MetaAnswer Parse(ReadOnlySpan<byte> line)
    {
        if (line.StartsWith("VA "u8))
        {
            var rest = line[3..];
            return Utf8Parser.TryParse(rest, out uint length, out var digits) && length <= int.MaxValue && rest[digits..] is [] or [(byte)' ', ..]
                ? new(MetaStatus.Value, (int)length)
                : new(MetaStatus.Unknown);
        }

        var word = line.IndexOf((byte)' ') is >= 0 and var space ? line[..space] : line;
        return new(word.SequenceEqual("HD"u8) ? MetaStatus.Done
            : word.SequenceEqual("EN"u8) ? MetaStatus.Missing
            : word.SequenceEqual("NF"u8) ? MetaStatus.Missing
            : word.SequenceEqual("NS"u8) ? MetaStatus.NotStored
            : line.SequenceEqual("SERVER_ERROR object too large for cache"u8) ? MetaStatus.TooLarge
            : line.SequenceEqual("SERVER_ERROR out of memory storing object"u8) ? MetaStatus.NotStored
            : MetaStatus.Unknown);
    }

    private static string Key(string key, int? length = null)
    {
        var suffix = length is { } value ? string.Create(CultureInfo.InvariantCulture, $" {value}") : "";
        if (key.Length <= LongestKey && !key.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            return key + suffix;
        }

        // As base64 a key may hold anything, but takes a third more of the 250 bytes; what is still too long is known by its hash.
        var bytes = Encoding.UTF8.GetBytes(key);
        return Convert.ToBase64String(bytes.Length <= LongestKey * 3 / 4 - 3 ? bytes : SHA256.HashData(bytes)) + suffix + " b";
    }

    private static byte[] Line(string text) => Encoding.ASCII.GetBytes(text);
}

/// <summary>What an answer says.</summary>
internal enum MetaStatus
{
    /// <summary>Nothing that this client asked for: the connection has lost its place, or it is not Memcached.</summary>
    Unknown,
    Value,
    Done,
    Missing,
    NotStored,
    TooLarge,
}

/// <summary>The first line of an answer.</summary>
internal readonly record struct MetaAnswer(MetaStatus Status, int Length = 0);
