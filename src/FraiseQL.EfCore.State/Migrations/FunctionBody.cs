using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using FraiseQL.EfCore.State.Model;

namespace FraiseQL.EfCore.State.Migrations;

/// <summary>
/// What the body of a function is compared by: a hash without white space, since scripts are indented, trimmed and given other line ends on their way to
/// the server. The server computes its own, so that no body is sent.
/// </summary>
internal static partial class FunctionBody
{
    /// <summary>In SQL, the hash of the function <c>p</c>. It takes the server half a millisecond; that of the text as it is, a tenth of it.</summary>
    public const string HashSql = @"encode(sha256(convert_to(translate(p.prosrc, E' \t\r\n', ''), 'UTF8')), 'hex')";

    /// <summary>In SQL, the hash of the function <c>p</c> with its white space.</summary>
    public const string ExactHashSql = "encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex')";

    private static readonly ConcurrentDictionary<string, IReadOnlyDictionary<string, string>> OfLogs = new(StringComparer.Ordinal);

    /// <summary>The body of a capture function.</summary>
    public static string Of(CaptureAnnotation capture) => Capture().Match(CaptureSql.Create(capture, capture.Schema)).Groups["body"].Value;

    public static string Hash(string body) => ExactHash(WhiteSpace().Replace(body, ""));

    public static string ExactHash(string body) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)));

    /// <summary>The functions of the event log by their names, without the schema.</summary>
    public static IReadOnlyDictionary<string, string> OfLog(string version)
        => OfLogs.GetOrAdd(version, static v => Function().Matches(CaptureSql.EventLog(v))
            .ToDictionary(m => m.Groups["name"].Value, m => Hash(m.Groups["body"].Value), StringComparer.Ordinal));

    [GeneratedRegex(@"[ \t\r\n]+")]
    private static partial Regex WhiteSpace();

    // The tag occurs nowhere but around the body: see CaptureSql.DollarTag.
    [GeneratedRegex(@" as (?<tag>\$fraiseql\d*\$)\n(?<body>.*?)\k<tag>;\n", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Capture();

    [GeneratedRegex(@"create or replace function fraiseql\.(?<name>\w+)\(.*? as \$fraiseql\$(?<body>.*?)\$fraiseql\$;", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Function();
}
