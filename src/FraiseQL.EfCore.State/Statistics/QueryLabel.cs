using System.Text;

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
                var end = EndOfLine(sql, at);
                tag ??= Tag(sql.AsSpan(at + 2, end - at - 2).Trim());
                at = end;
            }
            else if (c == '/' && At(sql, at + 1) == '*')
            {
                at = After(sql, "*/", at + 2);
                Space(text);
            }
            else if (c == '\'')
            {
                at = EndOfLiteral(sql, at, text);
                text.Append("'…'");
            }
            else if (c == '"')
            {
                var end = After(sql, "\"", at + 1);
                text.Append(sql, at, end - at);
                at = end;
            }
            else if (c == '$' && DollarTag(sql, at) is { } dollar)
            {
                at = After(sql, dollar, at + dollar.Length);
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

    private static int After(string sql, string end, int from)
    {
        var at = from < sql.Length ? sql.IndexOf(end, from, StringComparison.Ordinal) : -1;
        return at < 0 ? sql.Length : at + end.Length;
    }

    private static int EndOfLine(string sql, int at)
    {
        var end = sql.AsSpan(at).IndexOfAny('\n', '\r');
        return end < 0 ? sql.Length : at + end;
    }

    // Two quotes are one, and in E'…' a backslash takes the next character with it.
    private static int EndOfLiteral(string sql, int at, StringBuilder before)
    {
        var escapes = before.Length > 0 && before[^1] is 'e' or 'E';
        for (at++; at < sql.Length; at++)
        {
            if (escapes && sql[at] == '\\')
            {
                at++;
            }
            else if (sql[at] == '\'' && At(sql, at + 1) == '\'')
            {
                at++;
            }
            else if (sql[at] == '\'')
            {
                return at + 1;
            }
        }

        return sql.Length;
    }

    private static int EndOfNumber(string sql, int at)
    {
        while (at < sql.Length && (char.IsLetterOrDigit(sql[at]) || sql[at] is '.' or '_'))
        {
            at++;
        }

        return at;
    }

    private static string? DollarTag(string sql, int at)
    {
        var end = sql.IndexOf('$', at + 1);
        if (end < 0 || char.IsAsciiDigit(At(sql, at + 1)))
        {
            return null;
        }

        foreach (var c in sql.AsSpan(at + 1, end - at - 1))
        {
            if (!char.IsLetterOrDigit(c) && c != '_')
            {
                return null;
            }
        }

        return sql[at..(end + 1)];
    }

    private static void Space(StringBuilder text)
    {
        if (text.Length > 0 && text[^1] != ' ')
        {
            text.Append(' ');
        }
    }
}
