using FraiseQL.EfCore.State.EventLog;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// Why a cell has its epoch: what touched these columns, as far as it is remembered; then the same for other sets of columns. Immutable.
/// </summary>
internal sealed record Bump
{
    /// <summary>How many sets of columns a cell tells apart.</summary>
    private const int MostSets = 4;

    private const int MostTransactions = 8;

    /// <summary>The columns that were touched (<see cref="ColumnMask"/>).</summary>
    public required ulong Columns { get; init; }

    /// <summary>The epoch of the last of the bumps.</summary>
    public required long Epoch { get; init; }

    /// <summary>Up to this epoch the transactions are not known.</summary>
    public required long Base { get; init; }

    /// <summary>Whether the base holds a write of this process, which only a look at the log that began later covers.</summary>
    public required bool BaseIsLocal { get; init; }

    /// <summary>The transactions since the base.</summary>
    public ulong[] Transactions { get; init; } = [];

    /// <summary>
    /// The epoch of the last write of this process which may have touched other columns too (generated, or by a trigger): until the log has
    /// told, nobody knows.
    /// </summary>
    public long Doubt { get; init; }

    /// <summary>The last of the bumps, for people.</summary>
    public BumpCause Cause { get; init; }

    /// <summary>Other sets of columns.</summary>
    public Bump? Next { get; init; }

    public static Bump AddLocal(Bump? chain, long epoch, ulong columns, BumpCause cause)
    {
        var own = new Bump
        {
            Columns = columns,
            Epoch = epoch,
            Base = epoch,
            BaseIsLocal = true,
            Doubt = columns == ColumnMask.All ? 0 : epoch,
            Cause = cause,
        };

        // Nobody reads other columns than all: what came before needs the same proof as this, or an easier one.
        return columns == ColumnMask.All ? own : own with { Next = Room(Without(chain, columns, out _)) };
    }

    public static Bump AddLogged(Bump? chain, long epoch, ulong transaction, ulong columns, BumpCause cause)
    {
        var rest = Without(chain, columns, out var last);
        if (last is null)
        {
            return new Bump { Columns = columns, Epoch = epoch, Base = 0, BaseIsLocal = false, Transactions = [transaction], Cause = cause, Next = Room(rest) };
        }

        return last.Transactions.Length < MostTransactions
            ? last with { Epoch = epoch, Transactions = [.. last.Transactions, transaction], Cause = cause, Next = rest }
            : last with { Epoch = epoch, Base = last.Epoch, BaseIsLocal = false, Transactions = [transaction], Cause = cause, Next = rest };
    }

    /// <summary>Whether the chain says already that the transaction touched these columns.</summary>
    public static bool Has(Bump? chain, ulong transaction, ulong columns)
    {
        for (var bump = chain; bump is not null; bump = bump.Next)
        {
            if ((bump.Columns & columns) == columns && bump.Transactions.AsSpan().Contains(transaction))
            {
                return true;
            }
        }

        return false;
    }

    private static Bump? Without(Bump? chain, ulong columns, out Bump? found)
    {
        if (chain is null)
        {
            found = null;
            return null;
        }

        if (chain.Columns == columns)
        {
            found = chain;
            return chain.Next;
        }

        var rest = Without(chain.Next, columns, out found);
        return found is null ? chain : chain with { Next = rest };
    }

    // One more set is to come: where there are too many, they become one, of which only the strictest proof is known.
    private static Bump? Room(Bump? chain)
    {
        var count = 0;
        for (var bump = chain; bump is not null; bump = bump.Next)
        {
            count++;
        }

        if (count < MostSets)
        {
            return chain;
        }

        var merged = chain! with { Next = null };
        for (var bump = chain.Next; bump is not null; bump = bump.Next)
        {
            merged = merged with
            {
                Columns = merged.Columns | bump.Columns,
                Epoch = Math.Max(merged.Epoch, bump.Epoch),
                Doubt = Math.Max(merged.Doubt, bump.Doubt),
                BaseIsLocal = merged.BaseIsLocal | bump.BaseIsLocal,
                Cause = bump.Epoch > merged.Epoch ? bump.Cause : merged.Cause,
            };
        }

        return merged with { Base = merged.Epoch, Transactions = [] };
    }
}

/// <summary>What bumped a cell, for people.</summary>
/// <param name="Relation">The table; <see langword="null"/> for a write of this process.</param>
/// <param name="Kind">What happened.</param>
/// <param name="At">When: by the database's clock where the log told it, else by this process's.</param>
internal readonly record struct BumpCause(string? Relation, ChangeKind Kind, DateTimeOffset At);
