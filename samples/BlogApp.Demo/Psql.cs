using System.Diagnostics;
using Npgsql;

namespace BlogApp.Demo;

/// <summary>PostgreSQL's own client: a program that knows nothing of this library.</summary>
internal sealed class Psql
{
    private readonly string _program;
    private readonly NpgsqlConnectionStringBuilder _connection;

    public Psql(string connectionString)
    {
        _connection = new NpgsqlConnectionStringBuilder(connectionString);
        _program = Folders().Select(folder => Path.Combine(folder, "psql")).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException("The demo edits rows with psql and found none: sudo apt-get install -y postgresql-client.");
    }

    /// <summary>Runs the statements as one script and returns what the queries among them print, a row a line.</summary>
    public async Task<string> RunAsync(string sql, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(_program) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["PGHOST"] = _connection.Host;
        start.Environment["PGPORT"] = $"{_connection.Port}";
        start.Environment["PGUSER"] = _connection.Username;
        start.Environment["PGPASSWORD"] = _connection.Password;
        start.Environment["PGDATABASE"] = _connection.Database;
        start.Environment["PGCLIENTENCODING"] = "UTF8";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.StandardInput.WriteAsync(sql.AsMemory(), cancellationToken);
        process.StandardInput.Close();
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0
            ? (await output).TrimEnd('\n')
            : throw new InvalidOperationException($"psql failed: {await error}");
    }

    private static IEnumerable<string> Folders()
        => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Concat(Directory.Exists("/usr/lib/postgresql")
                ? Directory.GetDirectories("/usr/lib/postgresql").Order().Reverse().Select(f => Path.Combine(f, "bin"))
                : [])
            .Where(f => f.Length > 0);
}
