using System.Globalization;
using System.IO.Pipelines;
using BlogApp.Data;
using Microsoft.EntityFrameworkCore;

namespace BlogApp.Import;

/// <summary>The verbs <c>import</c> and <c>seed</c>.</summary>
internal static class ImportCommand
{
    public static async Task<int> ImportAsync(
        string file, IConfiguration settings, TextWriter error, TextWriter output, CancellationToken cancellationToken)
    {
        await using var stream = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
        var length = stream.CanSeek ? stream.Length : 0;
        return await RunAsync(
            PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024)),
            line => length == 0 ? 0 : (double)line.End / length,
            settings, error, output, cancellationToken);
    }

    public static async Task<int> SeedAsync(
        int count, IConfiguration settings, TextWriter error, TextWriter output, CancellationToken cancellationToken)
    {
        var pipe = new Pipe();
        var writing = SeedPosts.WriteAsync(count, pipe.Writer, cancellationToken);
        var code = await RunAsync(pipe.Reader, line => (double)line.Number / count, settings, error, output, cancellationToken);
        await writing;
        return code;
    }

    public static async Task<int> PrintSeedAsync(int count, TextWriter output)
    {
        foreach (var line in SeedPosts.Lines(count))
        {
            await output.WriteLineAsync(line);
        }

        return Cli.Ok;
    }

    private static async Task<int> RunAsync(
        PipeReader reader,
        Func<ImportLine, double> fraction,
        IConfiguration settings,
        TextWriter error,
        TextWriter output,
        CancellationToken cancellationToken)
    {
        var options = new DbContextOptionsBuilder<BlogContext>()
            .UseNpgsql(BlogDatabase.ConnectionString(settings))
            .UseFraiseQLState()
            .Options;
        await using (var db = new BlogContext(options))
        {
            await db.Database.MigrateAsync(cancellationToken);
        }

        var terminal = ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected;
        var report = new ConsoleImportReport(error, terminal, fraction, TimeProvider.System);
        var result = await new PostImporter(() => new BlogContext(options), report)
            .RunAsync(JsonLines.ReadAsync(reader, cancellationToken), cancellationToken);

        var written = result.Written;
        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{written.Added} added, {written.Updated} updated, {written.Unchanged} unchanged, {result.BadLines} bad lines, {report.Elapsed.TotalSeconds:0.0} s"));
        return result.BadLines == 0 ? Cli.Ok : Cli.SomeLinesBad;
    }
}
