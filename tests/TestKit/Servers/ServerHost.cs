using System.Net;
using System.Net.Sockets;

namespace FraiseQL.EfCore.TestKit.Servers;

/// <summary>Where a server of a test runs. Either somebody else's (it cannot be stopped), a container, or a process of ours.</summary>
internal abstract class ServerHost : IAsyncDisposable
{
    /// <summary>The connection string of the server.</summary>
    public abstract string Address { get; }

    public abstract Task StartAsync();

    /// <param name="crash">Without an orderly shutdown, as if the machine had lost its power.</param>
    public abstract Task StopAsync(bool crash);

    public abstract ValueTask DisposeAsync();

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>The executable of that name on PATH, in the usual system folders or in one of <paramref name="folders"/>.</summary>
    public static string? FindExecutable(string name, params IEnumerable<string> folders)
        => folders.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'))
            .Concat(["/usr/local/bin", "/usr/bin", "/usr/sbin", "/opt/homebrew/bin"])
            .Where(folder => folder.Length > 0)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);

    public static InvalidOperationException Missing(string server, string variable, string binary, string package) => new(
        $"""
        This test needs {server} and found none. Give it one of these four ways:
        1. Set {variable} to the connection string of a server that tests may write to.
        2. Start a Docker engine; a container is then started by itself.
        3. Put the program '{binary}' on PATH; it is started on a free loopback port in a temporary folder.
        4. Install it: sudo apt-get install -y {package}   (eng/test.sh does that by itself)
        """);
}

/// <summary>A server given by the environment.</summary>
internal sealed class ExternalHost(string address) : ServerHost
{
    public override string Address => address;

    public override Task StartAsync() => Task.CompletedTask;

    public override Task StopAsync(bool crash)
        => throw new InvalidOperationException("A server given by the environment is not stopped; use StartPrivateAsync() in tests that stop their server.");

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>A server started from local binaries.</summary>
internal sealed class ProcessHost(GuardedProcess process, string address, string crashSignal, Func<Task> ready) : ServerHost
{
    public override string Address => address;

    public override async Task StartAsync()
    {
        await process.StartAsync();
        var deadline = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                await ready();
                return;
            }
            catch (Exception error) when (TimeProvider.System.GetElapsedTime(deadline) < TimeSpan.FromSeconds(60) && process.IsRunning)
            {
                _ = error;
                await Task.Delay(50);
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"The server did not start: {error.Message}\n{process.LogTail}", error);
            }
        }
    }

    public override Task StopAsync(bool crash) => process.StopAsync(crash ? crashSignal : "INT");

    public override ValueTask DisposeAsync() => process.DisposeAsync();
}
