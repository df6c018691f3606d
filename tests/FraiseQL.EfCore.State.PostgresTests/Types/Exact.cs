using System.Collections;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using NpgsqlTypes;

namespace FraiseQL.EfCore.State.PostgresTests.Types;

/// <summary>Text in which two values are equal only if nobody can tell them apart: types, kinds, scales, signs of zero, orders.</summary>
internal static class Exact
{
    public static string Text(object? value)
    {
        var text = new StringBuilder();
        Write(text, value);
        return text.ToString();
    }

    private static void Write(StringBuilder text, object? value)
    {
        switch (value)
        {
            case null:
                text.Append("null");
                return;
            case string v:
                text.Append('"').Append(v).Append('"');
                return;
            case float v:
                text.Append(BitConverter.SingleToInt32Bits(v).ToString("x8", CultureInfo.InvariantCulture)).Append('f');
                return;
            case double v:
                text.Append(BitConverter.DoubleToInt64Bits(v).ToString("x16", CultureInfo.InvariantCulture));
                return;
            case decimal v:
                text.Append(string.Join('.', decimal.GetBits(v))).Append('m');
                return;
            case DateTime v:
                text.Append(CultureInfo.InvariantCulture, $"{v.Ticks} {v.Kind}");
                return;
            case DateTimeOffset v:
                text.Append(CultureInfo.InvariantCulture, $"{v.Ticks} {v.Offset.Ticks}");
                return;
            case JsonDocument v:
                text.Append("document ").Append(v.RootElement.GetRawText());
                return;
            case JsonElement v:
                text.Append("element ").Append(v.GetRawText());
                return;
            case IPAddress v:
                text.Append(CultureInfo.InvariantCulture, $"{v.AddressFamily} {v} {(v.GetAddressBytes().Length == 16 ? v.ScopeId : 0)}");
                return;
            case PhysicalAddress v:
                text.Append(Convert.ToHexString(v.GetAddressBytes()));
                return;
            case NpgsqlTsVector or NpgsqlTsQuery or LTree or Enum:
                text.Append(CultureInfo.InvariantCulture, $"{value.GetType().Name} {value}");
                return;
            case IEnumerable v when value.GetType().Namespace != "NodaTime":
                text.Append(value.GetType().Name);
                if (value is Array array)
                {
                    text.Append(string.Join('x', Enumerable.Range(0, array.Rank).Select(array.GetLength)));
                }

                text.Append((value as NpgsqlPath?)?.Open).Append('[');
                foreach (var element in v)
                {
                    Write(text, element);
                    text.Append(", ");
                }

                text.Append(']');
                return;
        }

        var type = value.GetType();
        text.Append(type.Name).Append(' ');
        if (type.Namespace == "NodaTime" && value is not (global::NodaTime.DateTimeZone or global::NodaTime.CalendarSystem))
        {
            // Its texts are rounded to seconds; its fields are not.
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            {
                Write(text.Append(' '), field.GetValue(value));
            }

            return;
        }

        if (type.IsPrimitive || type.Namespace == "NodaTime" || type == typeof(Guid) || type.Namespace == "System.Numerics" || type.GetProperties().Length == 0)
        {
            text.Append(value is IFormattable formattable ? formattable.ToString(null, CultureInfo.InvariantCulture) : value.ToString());
            return;
        }

        // Everything else is what its properties are.
        text.Append('{');
        foreach (var property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public).Where(p => p.GetIndexParameters().Length == 0))
        {
            text.Append(property.Name).Append('=');
            Write(text, property.GetValue(value));
            text.Append(' ');
        }

        text.Append('}');
    }
}
