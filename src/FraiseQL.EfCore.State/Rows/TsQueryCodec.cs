using NpgsqlTypes;

namespace FraiseQL.EfCore.State.Rows;

/// <summary>A query's nodes can be changed, so each caller gets its own.</summary>
internal readonly struct TsQueryCodec : IValueCodec<NpgsqlTsQuery>
{
    // A deeper tree is not cached: whoever copies it must have the stack for it.
    private const int MostDepth = 1000;

    public static int LeastSize => 1;

    public static bool IsMutable => true;

    public static void Write(ref ByteWriter writer, NpgsqlTsQuery value) => Write(ref writer, value, 0);

    public static NpgsqlTsQuery Read(ref ByteReader reader) => Read(ref reader, 0);

    public static long HeapSize(NpgsqlTsQuery value) => value switch
    {
        NpgsqlTsQueryLexeme lexeme => 40 + StringCodec.HeapSize(lexeme.Text),
        NpgsqlTsQueryNot not => 32 + HeapSize(not.Child),
        NpgsqlTsQueryBinOp operation => 48 + HeapSize(operation.Left) + HeapSize(operation.Right),
        _ => 24,
    };

    public static NpgsqlTsQuery Copy(NpgsqlTsQuery value) => Copy(value, 0);

    public static NpgsqlTsQuery Keep(NpgsqlTsQuery value) => Copy(value);

    private static NpgsqlTsQuery Copy(NpgsqlTsQuery value, int depth)
    {
        CheckDepth(depth++);
        return value switch
        {
            NpgsqlTsQueryLexeme lexeme => new NpgsqlTsQueryLexeme(lexeme.Text, lexeme.Weights, lexeme.IsPrefixSearch),
            NpgsqlTsQueryNot not => new NpgsqlTsQueryNot(Copy(not.Child, depth)),
            NpgsqlTsQueryAnd and => new NpgsqlTsQueryAnd(Copy(and.Left, depth), Copy(and.Right, depth)),
            NpgsqlTsQueryOr or => new NpgsqlTsQueryOr(Copy(or.Left, depth), Copy(or.Right, depth)),
            NpgsqlTsQueryFollowedBy phrase => new NpgsqlTsQueryFollowedBy(Copy(phrase.Left, depth), phrase.Distance, Copy(phrase.Right, depth)),
            NpgsqlTsQueryEmpty => new NpgsqlTsQueryEmpty(),
            _ => throw new NotSupportedException($"A text search query of kind {value.Kind} has no exact copy."),
        };
    }

    private static void Write(ref ByteWriter writer, NpgsqlTsQuery value, int depth)
    {
        CheckDepth(depth++);
        writer.WriteByte((byte)value.Kind);
        switch (value)
        {
            case NpgsqlTsQueryLexeme lexeme:
                writer.WriteString(lexeme.Text);
                writer.WriteByte((byte)lexeme.Weights);
                writer.WriteByte(lexeme.IsPrefixSearch ? (byte)1 : (byte)0);
                break;
            case NpgsqlTsQueryNot not:
                Write(ref writer, not.Child, depth);
                break;
            case NpgsqlTsQueryBinOp operation:
                Write(ref writer, operation.Left, depth);
                Write(ref writer, operation.Right, depth);
                writer.WriteInt16((operation as NpgsqlTsQueryFollowedBy)?.Distance ?? 0);
                break;
        }
    }

    private static NpgsqlTsQuery Read(ref ByteReader reader, int depth)
    {
        CheckDepth(depth++);
        if (reader.Remaining == 0)
        {
            reader.Fail();
            return new NpgsqlTsQueryEmpty();
        }

        var kind = (NpgsqlTsQuery.NodeKind)(sbyte)reader.ReadByte();
        switch (kind)
        {
            case NpgsqlTsQuery.NodeKind.Empty:
                return new NpgsqlTsQueryEmpty();
            case NpgsqlTsQuery.NodeKind.Lexeme:
                return new NpgsqlTsQueryLexeme(reader.ReadString(), (NpgsqlTsQueryLexeme.Weight)reader.ReadByte(), reader.ReadByte() != 0);
            case NpgsqlTsQuery.NodeKind.Not:
                return new NpgsqlTsQueryNot(Read(ref reader, depth));
        }

        var left = Read(ref reader, depth);
        var right = Read(ref reader, depth);
        var distance = reader.ReadInt16();
        return kind switch
        {
            NpgsqlTsQuery.NodeKind.And => new NpgsqlTsQueryAnd(left, right),
            NpgsqlTsQuery.NodeKind.Or => new NpgsqlTsQueryOr(left, right),
            NpgsqlTsQuery.NodeKind.Phrase => new NpgsqlTsQueryFollowedBy(left, distance, right),
            _ => throw new InvalidDataException("There is no such kind of text search query."),
        };
    }

    private static void CheckDepth(int depth)
    {
        if (depth > MostDepth)
        {
            throw new NotSupportedException("The text search query is nested too deeply.");
        }
    }
}
