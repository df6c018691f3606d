using FraiseQL.EfCore.State.Model;

namespace FraiseQL.EfCore.State.Query;

/// <summary>
/// Looks at SQL that the application wrote for what must never be answered from a cache. It knows what is text and what is comment, and
/// nothing of grammar: a word that might mean harm counts as if it did.
/// </summary>
internal static class SqlText
{
    private static readonly HashSet<string> s_writing = new(StringComparer.OrdinalIgnoreCase)
    {
        "insert", "update", "delete", "merge", "truncate", "call", "do", "copy", "lock", "notify", "listen", "into", "create", "drop", "alter", "grant",
        "revoke", "set", "reset", "vacuum", "refresh", "begin", "commit", "rollback", "savepoint", "execute", "prepare", "discard", "share",
    };

    private static readonly HashSet<string> s_writingFunctions = new(StringComparer.OrdinalIgnoreCase)
    {
        "nextval", "setval", "set_config", "pg_notify", "lo_create", "lo_import", "lo_unlink", "dblink", "dblink_exec", "query_to_xml",
    };

    // "FOR KEY SHARE" and "FOR NO KEY UPDATE" end in words of the first list.
    private static readonly HashSet<string> s_clock = new(StringComparer.OrdinalIgnoreCase)
    {
        "current_timestamp", "current_date", "current_time", "localtime", "localtimestamp", "current_user", "session_user", "current_role", "tablesample",
    };

    /// <summary>Why the text cannot be cached whatever it is declared to depend on; <see langword="null"/> when nothing speaks against it.</summary>
    public static Refusal? WhyNever(string sql)
    {
        var at = 0;
        while (Next(sql, ref at) is { } word)
        {
            if (s_writing.Contains(word) || s_writingFunctions.Contains(word) || word.StartsWith("pg_advisory", StringComparison.OrdinalIgnoreCase)
                || word.StartsWith("pg_try_advisory", StringComparison.OrdinalIgnoreCase))
            {
                return Refusal.SqlWrites(word);
            }

            if (word.StartsWith("pg_temp", StringComparison.OrdinalIgnoreCase))
            {
                return Refusal.Temporary(word);
            }

            if (s_clock.Contains(word) || (ServerFunctions.IsVolatile(word) && IsCalled(sql, at)))
            {
                return Refusal.Volatile(word);
            }
        }

        return null;
    }

    /// <summary>Whether the text begins as a statement that changes rows, which may always stand beside another one.</summary>
    public static bool IsPlainWrite(string sql)
    {
        var at = 0;
        return Next(sql, ref at)?.ToLowerInvariant() is "insert" or "update" or "delete" or "merge" or "with";
    }

    private static bool IsCalled(string sql, int at)
    {
        while (at < sql.Length && char.IsWhiteSpace(sql[at]))
        {
            at++;
        }

        return at < sql.Length && sql[at] == '(';
    }

    /// <summary>The next word outside of text, quoted names and comments.</summary>
    private static string? Next(string sql, ref int at)
    {
        while (at < sql.Length)
        {
            var c = sql[at];
            if (c is '\'' or '"')
            {
                at = SqlScan.EndOfQuoted(sql, at, escapes: c == '\'' && at > 0 && sql[at - 1] is 'e' or 'E');
            }
            else if (c == '$' && SqlScan.DollarTag(sql, at) is { } tag)
            {
                at = SqlScan.After(sql, tag, at + tag.Length);
            }
            else if (c == '-' && at + 1 < sql.Length && sql[at + 1] == '-')
            {
                at = SqlScan.EndOfLine(sql, at);
            }
            else if (c == '/' && at + 1 < sql.Length && sql[at + 1] == '*')
            {
                at = SqlScan.EndOfComment(sql, at);
            }
            else if (char.IsLetter(c) || c == '_')
            {
                var start = at;
                while (at < sql.Length && (char.IsLetterOrDigit(sql[at]) || sql[at] is '_' or '$'))
                {
                    at++;
                }

                return sql[start..at];
            }
            else
            {
                at++;
            }
        }

        return null;
    }
}
