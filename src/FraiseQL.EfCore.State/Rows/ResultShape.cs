namespace FraiseQL.EfCore.State.Rows;

/// <summary>What the last result of a query looked like; the next one most likely looks the same. Immutable.</summary>
/// <param name="Names">Column names, shared by all results that have the same.</param>
/// <param name="Rows">The number of rows, of which so much is reserved beforehand.</param>
internal sealed record ResultShape(string[] Names, int Rows)
{
    // Beyond it, doubling costs little, and a small result after a large one should not reserve for the large one.
    private const int MostReserved = 64;

    public int Reserved => Math.Clamp(Rows, 1, MostReserved);
}
