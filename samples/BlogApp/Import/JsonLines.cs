using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using BlogApp.Posts;

namespace BlogApp.Import;

/// <summary>Reads posts from JSON lines, one at a time, however large the file is.</summary>
internal static class JsonLines
{
    /// <summary>The longest line that is read; a longer one is skipped and reported.</summary>
    public const int MaxLineBytes = 8 * 1024 * 1024;

    private static readonly string TooLong = $"is longer than {MaxLineBytes / 1024 / 1024} MiB.";
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    /// <summary>Yields every line but the blank ones. It never throws for what a line contains.</summary>
    public static async IAsyncEnumerable<ImportLine> ReadAsync(
        PipeReader reader, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long number = 0;
        long position = 0;
        var skipping = false; // inside a line that is too long
        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            while (TryLine(ref buffer, result.IsCompleted, out var line, out var consumed))
            {
                number++;
                position += consumed;
                if (skipping)
                {
                    skipping = false;
                    yield return new ImportLine(number, position, null, TooLong);
                }
                else if (Parse(line, first: number == 1) is var (post, problem))
                {
                    yield return new ImportLine(number, position, post, problem);
                }
            }

            if (result.IsCompleted && buffer.IsEmpty)
            {
                await reader.CompleteAsync();
                if (skipping)
                {
                    yield return new ImportLine(number + 1, position, null, TooLong);
                }

                yield break;
            }

            if (buffer.Length > MaxLineBytes || (skipping && !buffer.IsEmpty))
            {
                skipping = true;
                position += buffer.Length;
                buffer = buffer.Slice(buffer.End);
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private static bool TryLine(ref ReadOnlySequence<byte> buffer, bool last, out ReadOnlySequence<byte> line, out long consumed)
    {
        if (buffer.PositionOf((byte)'\n') is { } end)
        {
            line = buffer.Slice(0, end);
            buffer = buffer.Slice(buffer.GetPosition(1, end));
            consumed = line.Length + 1;
            return true;
        }

        line = buffer;
        consumed = buffer.Length;
        if (!last || buffer.IsEmpty)
        {
            return false;
        }

        buffer = buffer.Slice(buffer.End);
        return true;
    }

    /// <returns><see langword="null"/> for a blank line.</returns>
    private static (CheckedPost? Post, string? Problem)? Parse(ReadOnlySequence<byte> line, bool first)
    {
        var bytes = line.ToArray().AsSpan();
        if (first && bytes.StartsWith("\uFEFF"u8))
        {
            bytes = bytes[3..];
        }

        if (bytes.Trim(" \t\r"u8).IsEmpty)
        {
            return null;
        }

        PostInput? input;
        try
        {
            input = JsonSerializer.Deserialize<PostInput>(bytes, Options);
        }
        catch (JsonException e)
        {
            return (null, e.Path is null or "$" or ""
                ? $"is not a JSON object (byte {e.BytePositionInLine + 1})."
                : $"'{e.Path.TrimStart('$', '.')}' has the wrong type or is not valid JSON (byte {e.BytePositionInLine + 1}).");
        }

        if (input is null)
        {
            return (null, "is not a JSON object.");
        }

        var errors = input.Check(out var post);
        return errors.Count == 0 ? (post, null) : (null, string.Join(' ', errors.Values.SelectMany(m => m)));
    }
}
