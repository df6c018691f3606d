using System.Diagnostics;
using System.Globalization;

namespace FraiseQL.EfCore.TestKit.Servers;

/// <summary>
/// A server process with a temporary folder, both of which go away with this process however it ends: a small shell holds the other end
/// of a pipe, and stops the server and removes the folder when the pipe closes.
/// </summary>
internal sealed class GuardedProcess : IAsyncDisposable
{
    private const string Guardian = """
        trap '' INT HUP TERM
        dir=$1; shift
        pid=
        finish() { if [ -n "$pid" ]; then kill -"$1" "$pid"; wait "$pid"; pid=; fi; }
        while read -r word signal; do
          case $word in
            start) "$@" </dev/null >>"$dir/server.log" 2>&1 & pid=$!; echo "$pid" ;;
            stop) finish "$signal"; echo stopped ;;
          esac
        done
        finish INT
        rm -rf "$dir"
        """;

    private readonly Process _guardian;
    private int _pid;

    private GuardedProcess(Process guardian, string folder)
    {
        _guardian = guardian;
        Folder = folder;
    }

    public string Folder { get; }

    /// <summary>The last lines that the server wrote, for error messages.</summary>
    public string LogTail
    {
        get
        {
            var log = Path.Combine(Folder, "server.log");
            return File.Exists(log) ? string.Join('\n', File.ReadLines(log).TakeLast(20)) : "(no log)";
        }
    }

    /// <summary>Whether the server process exists; a server that could not bind its port has already ended.</summary>
    public bool IsRunning
    {
        get
        {
            try
            {
                var stat = File.ReadAllText($"/proc/{_pid}/stat");
                return stat[stat.LastIndexOf(')') + 2] != 'Z';
            }
            catch (IOException)
            {
                return !Directory.Exists("/proc/self");
            }
        }
    }

    public static GuardedProcess Create(string folder, string executable, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("/bin/sh")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])["-c", Guardian, "guardian", folder, .. Unprivileged.Command(executable, arguments)])
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("/bin/sh did not start.");
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        return new GuardedProcess(process, folder);
    }

    public async Task StartAsync()
    {
        var answer = await AskAsync("start");
        _pid = int.Parse(answer, CultureInfo.InvariantCulture);
    }

    /// <summary>Stops the server by a signal (INT, TERM, QUIT, KILL) and returns when it has ended. The folder stays.</summary>
    public async Task StopAsync(string signal) => await AskAsync("stop " + signal);

    public async ValueTask DisposeAsync()
    {
        _guardian.StandardInput.Close();
        await _guardian.WaitForExitAsync();
        _guardian.Dispose();
    }

    private async Task<string> AskAsync(string word)
    {
        await _guardian.StandardInput.WriteLineAsync(word);
        await _guardian.StandardInput.FlushAsync();
        return await _guardian.StandardOutput.ReadLineAsync()
            ?? throw new InvalidOperationException("The process that guards the server has ended.");
    }
}
