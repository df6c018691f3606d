using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using BlogApp.Posts;

namespace BlogApp.Import;

/// <summary>Generated posts: look real enough to read and to list, and are the same on every machine.</summary>
internal static class SeedPosts
{
    public const int DefaultCount = 2000;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly DateOnly First = new(2018, 1, 1);

    private static readonly string[] Given =
        ["Ada", "Bjørn", "Chloé", "Dmitri", "Esther", "Farid", "Grace", "Hồng", "Ines", "Jakub", "Keiko", "Lars", "Mona", "Nnamdi", "Oskar", "Priya", "Quentin", "Rosa"];

    private static readonly string[] Family =
        ["Abel", "Brandt", "Costa", "Dvořák", "Eriksen", "Fischer", "García", "Hughes", "Ito", "Jansen", "Kowalski", "Leroy", "Müller", "Nakamura"];

    private static readonly string[] Subjects =
        ["caching", "migrations", "indexes", "transactions", "queues", "search", "backups", "monitoring", "schemas", "replication", "locks", "tests", "releases", "deadlines"];

    private static readonly string[] Openings =
        ["What we learned about", "A year of", "The trouble with", "How we sped up", "Notes on", "An introduction to", "Why we rewrote our", "Ten questions about", "The quiet cost of", "In praise of boring"];

    private static readonly string[] Sentences =
    [
        "It began with a page that took four seconds to load.",
        "The first measurement surprised us: most of the time went into waiting.",
        "We changed one thing at a time and wrote down every figure.",
        "Nobody remembered why the setting was there, so we asked the people who had left.",
        "The second attempt was half as long and twice as fast.",
        "A single row, updated by hand at three in the morning, explained the rest.",
        "What helped in the end was not clever at all.",
        "Readers wrote to us within minutes, which is the best monitoring we have.",
        "We keep the old version around, because it still answers one question better.",
        "If you try this at home, start with the smallest table you have.",
        "The test that found it runs in eleven milliseconds.",
        "There is a trade-off here, and we would make it again.",
    ];

    private static readonly string[] Channels = ["main", "main", "main", "engineering", "notes"];

    public static IEnumerable<string> Lines(int count)
    {
        for (var i = 0; i < count; i++)
        {
            yield return JsonSerializer.Serialize(Post(i), Json);
        }
    }

    /// <summary>Writes the lines into a pipe, no faster than its other end reads.</summary>
    public static async Task WriteAsync(int count, PipeWriter writer, CancellationToken cancellationToken)
    {
        foreach (var line in Lines(count))
        {
            var result = await writer.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), cancellationToken);
            if (result.IsCompleted)
            {
                break;
            }
        }

        await writer.CompleteAsync();
    }

    private static PostInput Post(int number)
    {
        var random = new SmallRandom((ulong)number);
        var subject = random.Pick(Subjects);
        var opening = random.Pick(Openings);
        var authors = new List<string> { Author(ref random) };
        while (random.Next(6) == 0)
        {
            authors.Add(Author(ref random));
        }

        return new PostInput
        {
            Slug = string.Create(CultureInfo.InvariantCulture, $"{opening} {subject} {number + 1}").Replace(' ', '-').ToLowerInvariant(),
            Channel = random.Pick(Channels),
            Title = $"{opening} {subject}",
            PublishedOn = First.AddDays(number * 3 / 2 % 3000).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            Authors = authors,
            Tags = [.. new[] { subject, random.Pick(Subjects), random.Pick(Subjects) }.Distinct()],
            Body = Body(ref random, subject),
        };
    }

    private static string Author(ref SmallRandom random)
    {
        // The lower of two: a few people write a lot, most write little, as in any blog.
        var person = Math.Min(random.Next(60), random.Next(60));
        return $"{Given[person % Given.Length]} {Family[person % Family.Length]}";
    }

    private static string Body(ref SmallRandom random, string subject)
    {
        var text = new StringBuilder();
        for (var section = 0; section <= random.Next(3); section++)
        {
            if (section > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"## {random.Pick(Openings)} {subject}\n\n");
            }

            for (var paragraph = 0; paragraph <= 1 + random.Next(3); paragraph++)
            {
                for (var sentence = 0; sentence <= 2 + random.Next(4); sentence++)
                {
                    text.Append(random.Pick(Sentences)).Append(' ');
                }

                text.Length--;
                text.Append("\n\n");
            }
        }

        if (random.Next(3) == 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"```sql\nSELECT count(*) FROM {subject} WHERE id > {random.Next(1000)};\n```\n\n");
        }

        return text.ToString().TrimEnd();
    }

    /// <summary>SplitMix64: the framework's own generator promises no fixed sequence across versions.</summary>
    private struct SmallRandom(ulong seed)
    {
        private ulong _state = seed * 0x9E3779B97F4A7C15UL;

        public int Next(int max)
        {
            _state += 0x9E3779B97F4A7C15UL;
            var z = _state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
            return (int)((z ^ (z >> 31)) % (ulong)max);
        }

        public T Pick<T>(T[] values) => values[Next(values.Length)];
    }
}
