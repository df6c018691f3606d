using BlogApp.Data;
using BlogApp.Import;
using Microsoft.Extensions.Options;
using Npgsql;

namespace BlogApp;

/// <summary>The command line: a verb, or none to run the web application.</summary>
internal static class Cli
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int SomeLinesBad = 2;

    private const string Help = """
        BlogApp: a blog whose reads are cached and never stale (FraiseQL.EfCore.State).

          BlogApp [--urls http://127.0.0.1:5000]   run the web application
          BlogApp import FILE                      load posts from JSON lines; '-' reads standard input
          BlogApp seed [N]                         load N generated posts (default 2000), always the same ones
          BlogApp seed [N] --print                 print them as JSON lines instead
          BlogApp --help                           this text

        One line of an import file is one JSON object:
          {"slug":"hello","channel":"main","title":"Hello","publishedOn":"2026-01-31","authors":["Ann"],"body":"Markdown","tags":["intro"]}
        'tags' is optional. A post is known by channel, publishedOn and slug: a known one is updated if it differs and left alone if not.
        A bad line is reported with its number, and the rest is imported.

        Settings, as environment variables or as --Key=value:
          ConnectionStrings:Blog     PostgreSQL, required; the schema is created and upgraded at start
          ConnectionStrings:Redis    second cache level, optional; without it each node has its own memory only
          FraiseQL:State:…           options of the cache and of change capture

        Exit code: 0 all good, 1 failed, 2 some lines were bad.
        """;

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var verb = args.Length > 0 && !args[0].StartsWith('-') ? args[0] : null;
        if (args.Any(a => a is "--help" or "-h" or "-?") || verb == "help")
        {
            await output.WriteLineAsync(Help);
            return Ok;
        }

        using var stop = new CancellationTokenSource();
        ConsoleCancelEventHandler cancel = (_, e) =>
        {
            e.Cancel = true;
            stop.Cancel();
        };

        try
        {
            if (verb is null)
            {
                return await BlogServer.RunAsync(args);
            }

            Console.CancelKeyPress += cancel;
            var positional = args.Skip(1).TakeWhile(a => a == "-" || !a.StartsWith('-')).ToArray();
            var settings = Settings(args.Skip(1 + positional.Length).Where(a => a != "--print").ToArray());
            return (verb, positional) switch
            {
                ("import", [var file]) => await ImportCommand.ImportAsync(file, settings, error, output, stop.Token),
                ("import", _) => await WrongAsync(error, "import needs one file: BlogApp import FILE."),
                ("seed", _) when !TryCount(positional, out _) => await WrongAsync(error, "seed needs a number from 1 to 1000000: BlogApp seed 2000."),
                ("seed", _) when TryCount(positional, out var count) && args.Contains("--print")
                    => await ImportCommand.PrintSeedAsync(count, output),
                ("seed", _) when TryCount(positional, out var count)
                    => await ImportCommand.SeedAsync(count, settings, error, output, stop.Token),
                _ => await WrongAsync(error, $"there is no command '{verb}'."),
            };
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return await WrongAsync(error, "stopped; what was reported as loaded is in the database. Run it again for the rest.");
        }
        catch (Exception e) when (e is SettingsException or IOException or UnauthorizedAccessException or NpgsqlException or OptionsValidationException)
        {
            var hint = e is NpgsqlException and not PostgresException ? " Is PostgreSQL running where ConnectionStrings:Blog says?" : "";
            return await WrongAsync(error, e.Message + hint);
        }
        finally
        {
            Console.CancelKeyPress -= cancel;
        }
    }

    private static bool TryCount(string[] positional, out int count)
    {
        count = SeedPosts.DefaultCount;
        return positional.Length == 0
            || (positional.Length == 1
                && int.TryParse(positional[0], System.Globalization.CultureInfo.InvariantCulture, out count)
                && count is >= 1 and <= 1_000_000);
    }

    private static IConfiguration Settings(string[] args) => new ConfigurationBuilder()
        .SetBasePath(AppContext.BaseDirectory)
        .AddJsonFile("appsettings.json", optional: true)
        .AddEnvironmentVariables()
        .AddCommandLine(args)
        .Build();

    private static async Task<int> WrongAsync(TextWriter error, string message)
    {
        await error.WriteLineAsync($"BlogApp: {message}");
        await error.WriteLineAsync("BlogApp --help tells more.");
        return Failed;
    }
}
