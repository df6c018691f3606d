using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace FraiseQL.EfCore.State.PostgresTests.Shapes;

/// <summary>Writes a result, or what a context tracks, so that two of them are equal only if they cannot be told apart.</summary>
internal static class Graph
{
    /// <summary>Every value with its type, every object once: a second reference to the same object is written as such.</summary>
    public static string Of(object? result)
    {
        var text = new StringBuilder();
        Write(text, result, new Dictionary<object, int>(ReferenceEqualityComparer.Instance), 0);
        return text.ToString();
    }

    /// <summary>Entries with their state and every current and original value, shadow properties and navigations included.</summary>
    public static string OfTracked(DbContext context)
    {
        var lines = new List<string>();
        foreach (var entry in context.ChangeTracker.Entries())
        {
            var text = new StringBuilder().Append(entry.Metadata.DisplayName()).Append(' ').Append(entry.State);
            Properties(text, entry.Members);
            lines.Add(text.ToString());
        }

        lines.Sort(StringComparer.Ordinal);
        return string.Join('\n', lines);
    }

    private static void Properties(StringBuilder text, IEnumerable<MemberEntry> members)
    {
        foreach (var member in members.OrderBy(m => m.Metadata.Name, StringComparer.Ordinal))
        {
            text.Append(' ').Append(member.Metadata.Name).Append('=');
            switch (member)
            {
                case PropertyEntry property:
                    text.Append(Of(property.CurrentValue)).Append('/').Append(Of(property.OriginalValue)).Append(property.IsModified ? "*" : "");
                    break;
                case ComplexPropertyEntry complex:
                    text.Append('{');
                    Properties(text, complex.Properties);
                    text.Append('}');
                    break;
                case CollectionEntry collection:
                    text.Append(collection.IsLoaded ? "loaded" : "").Append('[').Append(collection.CurrentValue?.Cast<object>().Count() ?? -1).Append(']');
                    break;
                case ReferenceEntry reference:
                    text.Append(reference.IsLoaded ? "loaded" : "").Append(reference.CurrentValue?.GetType().Name);
                    break;
            }
        }
    }

    private static void Write(StringBuilder text, object? value, Dictionary<object, int> seen, int depth)
    {
        switch (value)
        {
            case null:
                text.Append('∅');
                return;
            case string s:
                text.Append('"').Append(s).Append('"');
                return;
            case byte[] bytes:
                text.Append("0x").Append(Convert.ToHexString(bytes));
                return;
            case DateTime d:
                text.Append(d.ToString("O", CultureInfo.InvariantCulture)).Append(d.Kind);
                return;
            case IFormattable or bool or char:
                text.Append(value.GetType().Name).Append(':').Append(Convert.ToString(value, CultureInfo.InvariantCulture));
                return;
        }

        var type = value.GetType();
        if (!type.IsValueType)
        {
            if (seen.TryGetValue(value, out var number))
            {
                text.Append('#').Append(number);
                return;
            }

            seen.Add(value, seen.Count + 1);
            text.Append('#').Append(seen.Count).Append(':');
        }

        text.Append(Name(type));
        if (value is IEnumerable list)
        {
            text.Append('[');
            foreach (var item in list)
            {
                Line(text, depth + 1);
                Write(text, item, seen, depth + 1);
            }

            text.Append(']');
            if (type.GetInterfaces().All(i => !i.IsGenericType || i.GetGenericTypeDefinition() != typeof(IGrouping<,>)))
            {
                return;
            }
        }

        text.Append('{');
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                     .Where(p => p.GetIndexParameters().Length == 0 && p.Name != "LazyLoader").OrderBy(p => p.Name, StringComparer.Ordinal))
        {
            Line(text, depth + 1);
            text.Append(property.Name).Append('=');
            Write(text, property.GetValue(value), seen, depth + 1);
        }

        foreach (var field in type.GetFields(BindingFlags.Public | BindingFlags.Instance))
        {
            text.Append(field.Name).Append('=');
            Write(text, field.GetValue(value), seen, depth + 1);
        }

        text.Append('}');
    }

    private static void Line(StringBuilder text, int depth) => text.Append('\n').Append(' ', depth);

    private static string Name(Type type)
        => type.IsGenericType ? $"{type.Name}<{string.Join(',', type.GetGenericArguments().Select(Name))}>" : type.Name;
}
