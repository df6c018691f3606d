namespace BlogApp.Tests;

/// <summary>The application's command line, called in this process.</summary>
internal static class CommandLine
{
    public sealed record Run(int ExitCode, string Output, string Error);

    public static async Task<Run> RunAsync(params string[] args)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        return new Run(await Cli.RunAsync(args, output, error), output.ToString(), error.ToString());
    }

    public static async Task<Run> ImportAsync(string connectionString, string lines)
        => await ImportAsync(connectionString, System.Text.Encoding.UTF8.GetBytes(lines));

    public static async Task<Run> ImportAsync(string connectionString, byte[] content)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, content);
            return await RunAsync("import", file, $"--ConnectionStrings:Blog={connectionString}");
        }
        finally
        {
            File.Delete(file);
        }
    }
}
