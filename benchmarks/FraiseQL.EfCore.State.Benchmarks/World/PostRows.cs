using System.Text.Json.Serialization;
using FraiseQL.EfCore.State.Rows;
using Npgsql;

namespace FraiseQL.EfCore.State.Benchmarks.World;

/// <summary>A post of the data set as a list shows it: nine columns, the body cut to 100 characters.</summary>
internal sealed record PostRow(
    int Id, int AuthorId, string Slug, string Title, string Teaser, int Views, decimal? Rating, DateTime PublishedAt, bool Pinned);

[JsonSerializable(typeof(PostRow[]))]
internal sealed partial class PostRowJson : JsonSerializerContext;

/// <summary>Reads such rows as the cache does, and as objects.</summary>
internal static class PostRows
{
    private static readonly Type[] s_types =
        [typeof(int), typeof(int), typeof(string), typeof(string), typeof(string), typeof(int), typeof(decimal), typeof(DateTime), typeof(bool)];

    public static async Task<(RowSet Rows, PostRow[] Objects)> ReadAsync(string connectionString, int count, int offset = 0)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            """
            SELECT "Id", "AuthorId", "Slug", "Title", left("Body", 100) AS "Teaser", "Views", "Rating", "PublishedAt", "Pinned"
            FROM "Posts" ORDER BY "Id" LIMIT @count OFFSET @offset
            """,
            connection);
        command.Parameters.AddWithValue("count", count);
        command.Parameters.AddWithValue("offset", offset);
        await using var reader = await command.ExecuteReaderAsync();
        var builder = new RowSetBuilder([.. s_types.Select(t => ColumnKind.TryGet(t, out var kind) ? kind : throw new NotSupportedException(t.Name))], reader, null);
        var objects = new List<PostRow>(count);
        while (await reader.ReadAsync())
        {
            builder.Append(reader);
            objects.Add(new PostRow(
                reader.GetInt32(0), reader.GetInt32(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetInt32(5),
                await reader.IsDBNullAsync(6) ? null : reader.GetDecimal(6), reader.GetDateTime(7), reader.GetBoolean(8)));
        }

        return (builder.Build(), [.. objects]);
    }
}
