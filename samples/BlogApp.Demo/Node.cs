using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace BlogApp.Demo;

/// <summary>One running BlogApp: a process of its own on a port of its own.</summary>
internal sealed class Node(string name, string app, IReadOnlyDictionary<string, string> settings, string log) : IAsyncDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://127.0.0.1:{FreePort()}/api/"), Timeout = TimeSpan.FromSeconds(30) };
    private Process? _process;

    public string Name => name;

    /// <summary>Starts the process and returns when it answers.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // The shell only sends the output into a file; exec makes the process id that of BlogApp itself.
        var start = new ProcessStartInfo("/bin/sh");
        foreach (var argument in (string[])["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", log,
            "dotnet", app, "--urls", _http.BaseAddress!.GetLeftPart(UriPartial.Authority)])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (key, value) in settings)
        {
            start.Environment[key] = value;
        }

        _process = Process.Start(start)!;
        while (true)
        {
            try
            {
                using var response = await _http.GetAsync("tags", cancellationToken);
                if (response.IsSuccessStatusCode)
                {
                    return;
                }

                throw new InvalidOperationException($"Node {name} started, but answers {(int)response.StatusCode}.\n{Log()}");
            }
            catch (HttpRequestException e) when (_process.HasExited)
            {
                throw new InvalidOperationException($"Node {name} ended while it started.\n{Log()}", e);
            }
            catch (HttpRequestException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
            }
        }
    }

    /// <summary>Ends the process at once, as a power cut would.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    public Task<Answer> GetAsync(string path, CancellationToken cancellationToken)
        => SendAsync(new HttpRequestMessage(HttpMethod.Get, path), cancellationToken);

    /// <summary>Saves a post under a new title, as the page's form does.</summary>
    public async Task<Answer> RetitleAsync(int id, string title, CancellationToken cancellationToken)
    {
        var post = (await GetAsync($"posts/{id}", cancellationToken)).Body!.Value;
        var input = post.EnumerateObject()
            .Where(p => p.Name is "slug" or "channel" or "publishedOn" or "authors" or "tags" or "body")
            .ToDictionary(p => p.Name, p => (object)p.Value);
        input["title"] = title;
        return await SendAsync(new HttpRequestMessage(HttpMethod.Put, $"posts/{id}") { Content = JsonContent.Create(input) }, cancellationToken);
    }

    public string Log() => File.Exists(log) ? string.Join('\n', File.ReadLines(log).TakeLast(25)) : "(no log)";

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _http.Dispose();
    }

    private async Task<Answer> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using (request)
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                throw new StepFailedException($"{name} answered {request.Method} {request.RequestUri} with {(int)response.StatusCode}: {text}");
            }

            return new Answer(
                response.Headers.GetValues("X-Cache").Single(),
                double.Parse(response.Headers.GetValues("X-Elapsed-Ms").Single(), CultureInfo.InvariantCulture),
                text.Length == 0 ? null : JsonElement.Parse(text));
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
