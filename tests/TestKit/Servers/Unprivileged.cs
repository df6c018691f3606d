using System.Diagnostics;

namespace FraiseQL.EfCore.TestKit.Servers;

/// <summary>Servers never run as root (PostgreSQL refuses to): as root, a command is run by another user.</summary>
internal static class Unprivileged
{
    private static readonly string? User = Environment.UserName != "root" ? null
        : File.Exists("/etc/passwd") && File.ReadLines("/etc/passwd").Any(line => line.StartsWith("postgres:", StringComparison.Ordinal)) ? "postgres"
        : "nobody";

    public static IEnumerable<string> Command(string executable, IEnumerable<string> arguments)
        => User is null
            ? [executable, .. arguments]
            : ["setpriv", $"--reuid={User}", "--regid=" + Group, "--clear-groups", "--", executable, .. arguments];

    /// <summary>A new folder that belongs to the user who runs the server.</summary>
    public static async Task<string> CreateFolderAsync(string name)
    {
        var folder = Directory.CreateTempSubdirectory($"fraiseql-{name}-").FullName;
        if (User is not null)
        {
            await RunAsync(["chown", $"{User}:{Group}", folder]);
        }

        return folder;
    }

    public static async Task RunAsync(IEnumerable<string> command)
    {
        var words = command.ToArray();
        var start = new ProcessStartInfo(words[0]) { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = "/" };
        foreach (var word in words.Skip(1))
        {
            start.ArgumentList.Add(word);
        }

        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{words[0]} did not start.");
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{words[0]} failed with {process.ExitCode}: {await error}{await output}");
        }
    }

    private static string Group => User == "nobody" ? "nogroup" : User ?? "";
}
