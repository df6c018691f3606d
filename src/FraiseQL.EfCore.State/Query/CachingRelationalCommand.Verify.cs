namespace FraiseQL.EfCore.State.Query;

/// <summary>Verified reads: see decision 0243.</summary>
internal sealed partial class CachingRelationalCommand
{
    // Beyond it the database itself is asked, which is as good an answer.
    private static readonly TimeSpan LongestLook = TimeSpan.FromMilliseconds(250);

    /// <summary>Whether this node has applied everything that was committed before now.</summary>
    private async ValueTask<bool> LookAtLogAsync(Lookup lookup, bool async, CancellationToken cancellationToken)
    {
        if (lookup.Database.Ledger.NextLook() is not { } look)
        {
            return false;
        }

        _session!.Runtime.ListenerWake.Ring();
        if (!async)
        {
            return look.Wait(LongestLook, cancellationToken);
        }

        try
        {
            await look.WaitAsync(LongestLook, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
