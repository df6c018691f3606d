using System.Globalization;
using BlogApp.Posts;

namespace BlogApp.Import;

/// <summary>A progress bar on a terminal; elsewhere one line per tenth, so that a log stays readable.</summary>
internal sealed class ConsoleImportReport(TextWriter error, bool terminal, Func<ImportLine, double> fraction, TimeProvider time) : IImportReport
{
    private const int Width = 30;
    private readonly long _started = time.GetTimestamp();
    private int _tenths;

    public TimeSpan Elapsed => time.GetElapsedTime(_started);

    public void Progress(ImportLine last, WriteCounts written, int badLines)
    {
        var done = Math.Clamp(fraction(last), 0, 1);
        var posts = written.Added + written.Updated + written.Unchanged;
        var text = string.Create(
            CultureInfo.InvariantCulture, $"{done,4:P0}  {posts} posts  {posts / Math.Max(Elapsed.TotalSeconds, 0.001):0}/s");
        if (terminal)
        {
            var full = (int)(done * Width);
            error.Write($"\r\e[K[{new string('█', full)}{new string('░', Width - full)}] {text}");
            if (done >= 1)
            {
                error.WriteLine();
            }
        }
        else if ((int)(done * 10) > _tenths)
        {
            _tenths = (int)(done * 10);
            error.WriteLine(text.TrimStart());
        }
    }

    public void BadLine(long number, string problem)
        => error.WriteLine($"{(terminal ? "\r\e[K" : "")}line {number.ToString(CultureInfo.InvariantCulture)}: {problem}");
}
