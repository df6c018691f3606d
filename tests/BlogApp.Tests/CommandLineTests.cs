using System.Diagnostics;

namespace BlogApp.Tests;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("--help")]
    [InlineData("import --help")]
    [InlineData("help")]
    public async Task Help_lists_the_commands_and_the_settings(string args)
    {
        var run = await CommandLine.RunAsync(args.Split(' '));

        Assert.Equal(0, run.ExitCode);
        Assert.All(
            ["BlogApp import FILE", "BlogApp seed", "ConnectionStrings:Blog", "Exit code"],
            text => Assert.Contains(text, run.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("import", "import needs one file")]
    [InlineData("import a b", "import needs one file")]
    [InlineData("import no-such-file --ConnectionStrings:Blog=Host=localhost", "no-such-file")]
    [InlineData("seed many", "seed needs a number")]
    [InlineData("seed 0", "seed needs a number")]
    [InlineData("exprot", "there is no command 'exprot'")]
    public async Task A_wrong_command_says_what_is_wrong(string args, string message)
    {
        var run = await CommandLine.RunAsync(args.Split(' '));

        Assert.Equal(Cli.Failed, run.ExitCode);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--ConnectionStrings:Blog=")]
    [InlineData("seed 1 --ConnectionStrings:Blog=")]
    public async Task A_missing_connection_string_is_named_with_the_remedy(string args)
    {
        var run = await CommandLine.RunAsync(args.Split(' '));

        Assert.Equal(Cli.Failed, run.ExitCode);
        Assert.Contains("ConnectionStrings:Blog is missing", run.Error, StringComparison.Ordinal);
        Assert.Contains("ConnectionStrings__Blog", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("seed 1 --ConnectionStrings:Blog=Host=127.0.0.1;Port=1")]
    [InlineData("--ConnectionStrings:Blog=Host=127.0.0.1;Port=1")]
    public async Task A_database_that_does_not_answer_is_an_error_and_not_a_crash(string args)
    {
        var run = await CommandLine.RunAsync(args.Split(' '));

        Assert.Equal(Cli.Failed, run.ExitCode);
        Assert.Contains("Is PostgreSQL running", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_program_itself_runs_and_returns_the_exit_code()
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Cli).Assembly.Location, "import"]) { RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.Equal(Cli.Failed, process.ExitCode);
        Assert.Contains("import needs one file", error, StringComparison.Ordinal);
    }
}
