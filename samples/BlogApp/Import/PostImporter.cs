using BlogApp.Data;
using BlogApp.Posts;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace BlogApp.Import;

/// <summary>What an import did.</summary>
internal sealed record ImportResult(WriteCounts Written, int BadLines);

/// <summary>Writes lines in batches, each in a transaction and a context of its own, so that memory stays flat.</summary>
internal sealed class PostImporter(Func<BlogContext> open, IImportReport report)
{
    private const int BatchSize = 200;
    private WriteCounts _written;
    private int _bad;

    public async Task<ImportResult> RunAsync(IAsyncEnumerable<ImportLine> lines, CancellationToken cancellationToken)
    {
        var batch = new List<ImportLine>(BatchSize);
        await foreach (var line in lines.WithCancellation(cancellationToken))
        {
            if (line.Post is null)
            {
                Bad(line, line.Problem!);
                continue;
            }

            batch.Add(line);
            if (batch.Count == BatchSize)
            {
                await WriteAsync(batch, cancellationToken);
                report.Progress(line, _written, _bad);
                batch.Clear();
            }
        }

        if (batch.Count > 0)
        {
            await WriteAsync(batch, cancellationToken);
            report.Progress(batch[^1], _written, _bad);
        }

        return new ImportResult(_written, _bad);
    }

    private async Task WriteAsync(List<ImportLine> batch, CancellationToken cancellationToken)
    {
        try
        {
            await using var db = open();
            _written += await PostWriter.UpsertAsync(db, [.. batch.Select(l => l.Post!)], cancellationToken);
        }
        catch (DbUpdateException) when (batch.Count > 1)
        {
            // The database refuses a row, or another program inserted the same author meanwhile: find out which line it is.
            foreach (var line in batch)
            {
                await WriteAsync([line], cancellationToken);
            }
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException refused)
        {
            Bad(batch[0], $"the database refused it: {refused.MessageText}.");
        }
    }

    private void Bad(ImportLine line, string problem)
    {
        _bad++;
        report.BadLine(line.Number, problem);
    }
}
