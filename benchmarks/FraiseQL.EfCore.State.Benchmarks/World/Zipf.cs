namespace FraiseQL.EfCore.State.Benchmarks.World;

/// <summary>Numbers from 0 that are as unequal in their popularity as Zipf's law has it; 0 is the most popular one.</summary>
internal sealed class Zipf
{
    private readonly double[] _cumulated;

    public Zipf(int count, double exponent)
    {
        _cumulated = new double[count];
        var sum = 0.0;
        for (var i = 0; i < count; i++)
        {
            _cumulated[i] = sum += 1 / Math.Pow(i + 1, exponent);
        }

        for (var i = 0; i < count; i++)
        {
            _cumulated[i] /= sum;
        }
    }

    public int Next(Random random)
    {
        var at = Array.BinarySearch(_cumulated, random.NextDouble());
        return Math.Min(at < 0 ? ~at : at, _cumulated.Length - 1);
    }
}
