namespace FraiseQL.EfCore.State.Query;

/// <summary>Where the parts of SQL end that are no words: literals, quoted names, comments.</summary>
internal static class SqlScan
{
    /// <summary>Behind a literal or a quoted name, in which two quotes are one.</summary>
    /// <param name="sql">The text.</param>
    /// <param name="at">The opening quote.</param>
    /// <param name="escapes">Whether a backslash takes the next character with it, as in <c>E'…'</c>.</param>
    public static int EndOfQuoted(string sql, int at, bool escapes)
    {
        var quote = sql[at];
        for (at++; at < sql.Length; at++)
        {
            if ((escapes && sql[at] == '\\') || (sql[at] == quote && at + 1 < sql.Length && sql[at + 1] == quote))
            {
                at++;
            }
            else if (sql[at] == quote)
            {
                return at + 1;
            }
        }

        return sql.Length;
    }

    /// <summary>Behind a block comment, which may hold others.</summary>
    public static int EndOfComment(string sql, int at)
    {
        var depth = 0;
        for (; at < sql.Length; at++)
        {
            if (at + 1 < sql.Length && sql[at] == '/' && sql[at + 1] == '*')
            {
                depth++;
                at++;
            }
            else if (at + 1 < sql.Length && sql[at] == '*' && sql[at + 1] == '/')
            {
                at++;
                if (--depth == 0)
                {
                    return at + 1;
                }
            }
        }

        return sql.Length;
    }

    public static int EndOfLine(string sql, int at)
    {
        var end = sql.AsSpan(at).IndexOfAny('\n', '\r');
        return end < 0 ? sql.Length : at + end;
    }

    /// <summary>Behind the next <paramref name="end"/>.</summary>
    public static int After(string sql, string end, int from)
    {
        var at = sql.IndexOf(end, from, StringComparison.Ordinal);
        return at < 0 ? sql.Length : at + end.Length;
    }

    /// <summary>The quote <c>$tag$</c> that begins here; <see langword="null"/> where none does.</summary>
    public static string? DollarTag(string sql, int at)
    {
        var end = at + 1;
        while (end < sql.Length && (char.IsLetter(sql[end]) || sql[end] == '_' || (end > at + 1 && char.IsDigit(sql[end]))))
        {
            end++;
        }

        return end < sql.Length && sql[end] == '$' ? sql[at..(end + 1)] : null;
    }
}
