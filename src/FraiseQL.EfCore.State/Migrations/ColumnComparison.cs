namespace FraiseQL.EfCore.State.Migrations;

/// <summary>How a capture function finds out whether a column has changed.</summary>
internal enum ColumnComparison
{
    /// <summary>By its own equality, which is exact.</summary>
    Plain,

    /// <summary>Byte by byte: its collation may call different texts equal.</summary>
    Text,

    /// <summary>By its own equality, and it may be very long.</summary>
    Bytes,

    /// <summary>By its binary image: 1.0 and 1.00 are equal, and so are 1 day and 24 hours, but they are not the same.</summary>
    Image,

    /// <summary>By its binary image, and it may be very long.</summary>
    Long,

    /// <summary>By its binary image, and it may have no JSON form, so that it is taken with care.</summary>
    Opaque,
}

internal static class ColumnComparisons
{
    private static readonly HashSet<string> PlainTypes = new(StringComparer.Ordinal)
    {
        "integer", "bigint", "smallint", "uuid", "boolean", "date", "timestamp with time zone", "timestamp without time zone",
        "time without time zone",
    };

    private static readonly HashSet<string> ImageTypes = new(StringComparer.Ordinal)
    {
        "numeric", "real", "double precision", "money", "interval", "time with time zone", "character", "inet", "cidr", "macaddr",
        "name", "oid", "xid", "xid8",
    };

    private static readonly HashSet<string> LongTypes = new(StringComparer.Ordinal) { "jsonb", "bit", "bit varying", "tsvector" };

    public static ColumnComparison Of(string storeType)
    {
        var type = Base(storeType);
        if (type is "text" or "character varying")
        {
            return ColumnComparison.Text;
        }

        if (type == "bytea")
        {
            return ColumnComparison.Bytes;
        }

        if (PlainTypes.Contains(type))
        {
            return ColumnComparison.Plain;
        }

        if (ImageTypes.Contains(type))
        {
            return ColumnComparison.Image;
        }

        var element = type;
        while (element.EndsWith("[]", StringComparison.Ordinal))
        {
            element = Base(element[..^2]);
        }

        return LongTypes.Contains(element)
            || (element != type && (element is "text" or "character varying" or "bytea" || PlainTypes.Contains(element) || ImageTypes.Contains(element)))
            ? ColumnComparison.Long
            : ColumnComparison.Opaque;
    }

    /// <summary>The type without its modifier: <c>numeric(10,2)</c> is <c>numeric</c>, <c>timestamp(3) with time zone</c> has a tail.</summary>
    private static string Base(string storeType)
    {
        var open = storeType.IndexOf('(', StringComparison.Ordinal);
        var close = storeType.IndexOf(')', StringComparison.Ordinal);
        return open < 0 || close < open ? storeType : storeType[..open] + storeType[(close + 1)..];
    }
}
