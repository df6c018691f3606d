using NpgsqlTypes;

namespace FraiseQL.EfCore.State.Rows;

internal readonly struct PointCodec : IValueCodec<NpgsqlPoint>
{
    public static int LeastSize => 16;

    public static void Write(ref ByteWriter writer, NpgsqlPoint value)
    {
        writer.WriteDouble(value.X);
        writer.WriteDouble(value.Y);
    }

    public static NpgsqlPoint Read(ref ByteReader reader) => new(reader.ReadDouble(), reader.ReadDouble());
}

internal readonly struct BoxCodec : IValueCodec<NpgsqlBox>
{
    public static int LeastSize => 32;

    public static void Write(ref ByteWriter writer, NpgsqlBox value)
    {
        PointCodec.Write(ref writer, value.UpperRight);
        PointCodec.Write(ref writer, value.LowerLeft);
    }

    public static NpgsqlBox Read(ref ByteReader reader) => new(PointCodec.Read(ref reader), PointCodec.Read(ref reader));
}

internal readonly struct CircleCodec : IValueCodec<NpgsqlCircle>
{
    public static int LeastSize => 24;

    public static void Write(ref ByteWriter writer, NpgsqlCircle value)
    {
        writer.WriteDouble(value.X);
        writer.WriteDouble(value.Y);
        writer.WriteDouble(value.Radius);
    }

    public static NpgsqlCircle Read(ref ByteReader reader) => new(reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble());
}

internal readonly struct LineCodec : IValueCodec<NpgsqlLine>
{
    public static int LeastSize => 24;

    public static void Write(ref ByteWriter writer, NpgsqlLine value)
    {
        writer.WriteDouble(value.A);
        writer.WriteDouble(value.B);
        writer.WriteDouble(value.C);
    }

    public static NpgsqlLine Read(ref ByteReader reader) => new(reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble());
}

internal readonly struct SegmentCodec : IValueCodec<NpgsqlLSeg>
{
    public static int LeastSize => 32;

    public static void Write(ref ByteWriter writer, NpgsqlLSeg value)
    {
        PointCodec.Write(ref writer, value.Start);
        PointCodec.Write(ref writer, value.End);
    }

    public static NpgsqlLSeg Read(ref ByteReader reader) => new(PointCodec.Read(ref reader), PointCodec.Read(ref reader));
}

internal readonly struct PathCodec : IValueCodec<NpgsqlPath>
{
    public static int LeastSize => 2;

    public static bool IsMutable => true;

    public static void Write(ref ByteWriter writer, NpgsqlPath value)
    {
        writer.WriteByte(value.Open ? (byte)1 : (byte)0);
        PolygonCodec.WriteAll(ref writer, value);
    }

    public static NpgsqlPath Read(ref ByteReader reader)
    {
        var open = reader.ReadByte() != 0;
        return new NpgsqlPath(PolygonCodec.ReadAll(ref reader), open);
    }

    public static long HeapSize(NpgsqlPath value) => 56 + (value.Count * 16L);

    public static NpgsqlPath Copy(NpgsqlPath value) => new(value, value.Open);
}

internal readonly struct PolygonCodec : IValueCodec<NpgsqlPolygon>
{
    public static int LeastSize => 1;

    public static bool IsMutable => true;

    public static void Write(ref ByteWriter writer, NpgsqlPolygon value) => WriteAll(ref writer, value);

    public static NpgsqlPolygon Read(ref ByteReader reader) => new(ReadAll(ref reader));

    public static void WriteAll(ref ByteWriter writer, IList<NpgsqlPoint> points)
    {
        writer.WriteCount(points.Count);
        foreach (var point in points)
        {
            PointCodec.Write(ref writer, point);
        }
    }

    public static NpgsqlPoint[] ReadAll(ref ByteReader reader)
    {
        var points = new NpgsqlPoint[reader.ReadCount(PointCodec.LeastSize)];
        for (var i = 0; i < points.Length; i++)
        {
            points[i] = PointCodec.Read(ref reader);
        }

        return points;
    }

    public static long HeapSize(NpgsqlPolygon value) => 56 + (value.Count * 16L);

    public static NpgsqlPolygon Copy(NpgsqlPolygon value) => new((IEnumerable<NpgsqlPoint>)value);
}

internal readonly struct CubeCodec : IValueCodec<NpgsqlCube>
{
    public static int LeastSize => 2;

    // Its coordinates are arrays behind read-only interfaces.
    public static bool IsMutable => true;

    public static void Write(ref ByteWriter writer, NpgsqlCube value)
    {
        writer.WriteCount(value.Dimensions);
        writer.WriteByte(value.IsPoint ? (byte)1 : (byte)0);
        WriteAll(ref writer, value.LowerLeft);
        if (!value.IsPoint)
        {
            WriteAll(ref writer, value.UpperRight);
        }
    }

    public static NpgsqlCube Read(ref ByteReader reader)
    {
        var dimensions = reader.ReadCount();
        var isPoint = reader.ReadByte() != 0;
        var lower = ReadAll(ref reader, dimensions);
        return isPoint ? new NpgsqlCube(lower) : new NpgsqlCube(lower, ReadAll(ref reader, dimensions));
    }

    public static long HeapSize(NpgsqlCube value) => (value.IsPoint ? 1 : 2) * (24L + (value.Dimensions * 8L));

    public static NpgsqlCube Copy(NpgsqlCube value) => value.IsPoint ? new(value.LowerLeft) : new(value.LowerLeft, value.UpperRight);

    private static void WriteAll(ref ByteWriter writer, IReadOnlyList<double> values)
    {
        foreach (var value in values)
        {
            writer.WriteDouble(value);
        }
    }

    private static double[] ReadAll(ref ByteReader reader, int count)
    {
        if ((long)count * 8 > reader.Remaining)
        {
            reader.Fail();
            return [];
        }

        var values = new double[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = reader.ReadDouble();
        }

        return values;
    }
}
