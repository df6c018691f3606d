using System.Globalization;

namespace BlogApp.Demo;

/// <summary>Runs steps, prints a line for each, and remembers whether one failed.</summary>
internal sealed class Steps(TimeProvider time)
{
    private int _number;

    public bool AllPassed { get; private set; } = true;

    /// <summary>Runs one step; what it returns is what was observed.</summary>
    public async Task RunAsync(string name, Func<Task<string>> step)
    {
        var started = time.GetTimestamp();
        string mark, observed;
        try
        {
            (mark, observed) = ("✓", await step());
        }
        catch (Exception e) when (e is StepFailedException or HttpRequestException or TaskCanceledException or InvalidOperationException)
        {
            (mark, observed) = ("✗", e.Message);
            AllPassed = false;
        }

        var took = string.Create(CultureInfo.InvariantCulture, $"{time.GetElapsedTime(started).TotalMilliseconds:0} ms");
        Console.WriteLine($"{mark} {++_number,2}. {name}  [{took}]");
        Console.WriteLine($"      {observed}");
    }

    public static void Expect(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new StepFailedException(otherwise);
        }
    }
}
