namespace FraiseQL.EfCore.TestKit;

/// <summary>The browser in which pages are tested.</summary>
public static class Chromium
{
    /// <summary>The program.</summary>
    /// <exception cref="InvalidOperationException">There is none; the message has the command that installs it.</exception>
    public static string Find()
        => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/bin")
            .SelectMany(folder => new[] { "chromium", "chromium-browser", "google-chrome" }.Select(name => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException("These tests need Chromium and found none: sudo apt-get install -y chromium (eng/test.sh does that by itself).");
}
