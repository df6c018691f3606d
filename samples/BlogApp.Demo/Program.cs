using System.Runtime.InteropServices;
using BlogApp.Demo;

// Called by eng/demo.sh: BlogApp.Demo PATH-OF-BlogApp.dll [FILE]
if (args.Length is < 1 or > 2)
{
    await Console.Error.WriteLineAsync("Usage: BlogApp.Demo PATH-OF-BlogApp.dll [FILE]; eng/demo.sh builds everything and calls it.");
    return 2;
}

using var stop = new CancellationTokenSource();
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    await using var stage = await Stage.SetUpAsync(args[0], args.ElementAtOrDefault(1), stop.Token);
    return await Script.PlayAsync(stage, stop.Token) ? 0 : 1;
}
catch (Exception e) when (e is InvalidOperationException or IOException)
{
    await Console.Error.WriteLineAsync($"demo: {e.Message}");
    return 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    await Console.Error.WriteLineAsync("demo: stopped");
    return 130;
}

void Stop(PosixSignalContext signal)
{
    // Leave through the usual way, which stops the nodes and the servers.
    signal.Cancel = true;
    stop.Cancel();
}
