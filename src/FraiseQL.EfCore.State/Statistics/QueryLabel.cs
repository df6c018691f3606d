using System.Text;
using FraiseQL.EfCore.State.Query;

namespace FraiseQL.EfCore.State.Statistics;

/// <summary>
/// What a query is called where people look at it: its SQL without comments and without any literal, since those of interpolated SQL may be
/// anybody's data; names of parameters stay, they are the program's.
/// </summary>
internal static class QueryLabel
{
    private const int Longest = 2000;
    private const int LongestTag = 200;

    public static (string? Tag, string Text) Of(string sql)
    {
        string? tag = null;
        var text = new StringBuilder(Math.Min(sql.Length, Longest));
        for (var at = 0; at < sql.Length && text.Length < Longest;)
        {
            var c = sql[at];
            if (c == '-' && At(sql, at + 1) == '-')
            {
                var end = SqlScan.EndOfLine(sql, at);
                tag ??= Tag(sql.AsSpan(at + 2, end - at - 2).Trim());
                at = end;
            }
            else if (c == '/' && At(sql, at + 1) == '*')
            {
                at = SqlScan.EndOfComment(sql, at);
                Space(text);
            }
            else if (c == '\'')
            {
                at = SqlScan.EndOfQuoted(sql, at, escapes: text.Length > 0 && text[^1] is 'e' or 'E');
                text.Append("'…'");
            }
            else if (c == '"')
            {
                var end = SqlScan.EndOfQuoted(sql, at, escapes: false);
                text.Append(sql, at, end - at);
                at = end;
            }
            else if (c == '$' && SqlScan.DollarTag(sql, at) is { } dollar)
            {
                at = SqlScan.After(sql, dollar, at + dollar.Length);
                text.Append("'…'");
            }
            else if (char.IsAsciiDigit(c))
            {
                at = EndOfNumber(sql, at);
                text.Append('?');
            }
            else if (char.IsLetter(c) || c is '_' or '@' or '$')
            {
                var start = at++;
                while (at < sql.Length && (char.IsLetterOrDigit(sql[at]) || sql[at] is '_' or '$'))
                {
                    at++;
                }

                text.Append(sql, start, at - start);
            }
            else if (char.IsWhiteSpace(c))
            {
                Space(text);
                at++;
            }
            else
            {
                text.Append(c);
                at++;
            }
        }

        return (tag, text.ToString().Trim());
    }

    private static string? Tag(ReadOnlySpan<char> line) => line.IsEmpty ? null : line[..Math.Min(line.Length, LongestTag)].ToString();

    private static char At(string sql, int at) => at < sql.Length ? sql[at] : '\0';

    private static int EndOfNumber(string sql, int at)
    {
        while (at < sql.Length && (char.IsLetterOrDigit(sql[at]) || sql[at] is '.' or '_'))
        {
            at++;
        }

        return at;
    }

    private static void Space(StringBuilder text)
    {
        if (text.Length > 0 && text[^1] != ' ')
        {
            text.Append(' ');
        }
    }
}
