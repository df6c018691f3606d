namespace FraiseQL.EfCore.State.Query;

/// <summary>Strict reads, and those of who has a token: see decisions 0243 and 0302.</summary>
internal sealed partial class CachingRelationalCommand
{
    /// <summary>Whether this node has applied everything that was committed before now.</summary>
    private async ValueTask<bool> LookAtLogAsync(Lookup lookup, bool async, CancellationToken cancellationToken)
    {
        // Beyond it the database itself is asked, which is as good an answer.
        var longest = _session!.Runtime.Options.Consistency.MaxWait;
        if (longest <= TimeSpan.Zero || lookup.Database.Ledger.NextLook() is not { } look)
        {
            return false;
        }

        _session.Runtime.ListenerWake.Ring();
        if (!async)
        {
            return look.Wait(longest, cancellationToken);
        }

        try
        {
            await look.WaitAsync(longest, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
