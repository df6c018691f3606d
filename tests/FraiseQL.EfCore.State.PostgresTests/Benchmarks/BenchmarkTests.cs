using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace FraiseQL.EfCore.State.PostgresTests.Benchmarks;

/// <summary>The program that <c>eng/bench.sh</c> starts. What it measures is no matter of a test; that everybody can repeat it is.</summary>
public sealed class BenchmarkTests
{
    [Fact]
    [Feature("U-50-benchmarks")]
    public async Task A_benchmark_measures_things_side_by_side_and_writes_its_figures()
    {
        await using var server = await PostgresServer.StartPrivateAsync();
        var results = Directory.CreateTempSubdirectory("fraiseql-bench-");
        try
        {
            var (exitCode, output) = await RunAsync(server.ConnectionString, results.FullName, "CODEC", "--quick");

            Assert.True(exitCode == 0, output);
            Assert.Contains("against", output, StringComparison.Ordinal);
            using var json = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(results.FullName, "CODEC.json")));
            var compared = json.RootElement.EnumerateArray().Where(f => f.GetProperty("against").ValueKind == JsonValueKind.String).ToArray();
            Assert.NotEmpty(compared);
            Assert.All(compared, f => Assert.True(f.GetProperty("ratio").GetDouble() > 0, f.ToString()));
            Assert.Contains(compared, f => f.GetProperty("goal").ValueKind == JsonValueKind.String);
        }
        finally
        {
            results.Delete(recursive: true);
        }
    }

    [Fact]
    [Feature("U-50-benchmarks")]
    public async Task Each_benchmark_is_described_and_each_that_is_described_exists()
    {
        var (exitCode, output) = await RunAsync("", "", "NOTHING");

        Assert.Equal(2, exitCode);
        var known = output[(output.IndexOf("Known:", StringComparison.Ordinal) + 6)..].Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).Where(id => id != "--quick");
        var text = Repository.Read("benchmarks/README.md");
        var table = text[text.IndexOf("| id | measured |", StringComparison.Ordinal)..text.IndexOf("*Hook A*", StringComparison.Ordinal)];
        var described = Regex.Matches(table, "^\\| ([A-Z][A-Z0-9, -]+) \\|", RegexOptions.Multiline).SelectMany(m => m.Groups[1].Value.Split(", "));
        Assert.Equal(known.Except(["HIT-ALLOC"]).Order(), described.Order());
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string server, string results, params string[] arguments)
    {
        // artifacts/bin/<project>/<configuration>
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(here.Parent!.Parent!.FullName, "FraiseQL.EfCore.State.Benchmarks", here.Name, "FraiseQL.EfCore.State.Benchmarks.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["FRAISEQL_BENCH_PG"] = server, ["FRAISEQL_BENCH_RESULTS"] = results },
        })!;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output + await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
