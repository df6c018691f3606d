using System.Globalization;
using System.Text;

namespace FraiseQL.EfCore.State.Model;

/// <summary>Names of entities and events, derived from the entity type's name alone: a migration's snapshot has no CLR types.</summary>
internal static class EntityNames
{
    /// <summary><c>Blog.Data.Post</c> is <c>Post</c>, a nested <c>Outer+Post</c> too, <c>Blog.Order.Lines#OrderLine</c> is <c>OrderLine</c>.</summary>
    public static string ToShortName(string entityTypeName)
    {
        var arguments = entityTypeName.IndexOf('<', StringComparison.Ordinal);
        var name = arguments < 0 ? entityTypeName : entityTypeName[..arguments];
        var start = name.AsSpan().LastIndexOfAny('.', '+', '#') + 1;
        return name[start..];
    }

    /// <summary><c>PostTag</c> is <c>post_tag</c>, <c>HTTPServer</c> is <c>http_server</c>.</summary>
    public static string ToSnakeCase(string name)
    {
        var text = new StringBuilder(name.Length + 4);
        for (var i = 0; i < name.Length; i++)
        {
            var c = name[i];
            if (!char.IsLetterOrDigit(c))
            {
                if (text.Length > 0 && text[^1] != '_')
                {
                    text.Append('_');
                }

                continue;
            }

            var startsWord = char.IsUpper(c) && i > 0
                && (!char.IsUpper(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            if (startsWord && text.Length > 0 && text[^1] != '_')
            {
                text.Append('_');
            }

            text.Append(char.ToLower(c, CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }
}
