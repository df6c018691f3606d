using System.Collections;
using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Numerics;
using System.Text.Json;
using CsCheck;
using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.NodaTime;
using FraiseQL.EfCore.State.Tests.Rows;
using NodaTime;
using NpgsqlTypes;

namespace FraiseQL.EfCore.State.Tests.Keys;

/// <summary>Crafted parameters cannot collide: a key's bytes can be read back in one way only.</summary>
[Feature("S1.2-key-variables")]
public sealed class ParameterPropertyTests
{
    private static readonly Gen<object?> s_scalar = Gen.OneOf(
        Gen.Int[-3, 3].Select(v => (object?)v),
        Gen.Long[-3, 3].Select(v => (object?)v),
        Gen.Short[-3, 3].Select(v => (object?)v),
        Gen.Byte[0, 3].Select(v => (object?)v),
        Gen.Bool.Select(v => (object?)v),
        Gen.String[Gen.Int[0, 3].Select(i => "a\0\ud8002"[i]), 0, 3].Select(v => (object?)v),
        Const(0.0, -0.0, double.NaN, float.NaN, 0f, 0m, 0.0m, '\0', null, DBNull.Value),
        Const(new DateTime(5, DateTimeKind.Utc), new DateTime(5, DateTimeKind.Local), new DateTime(5), DateTimeOffset.MinValue, TimeSpan.Zero, new TimeOnly(0), new DateOnly(1, 1, 1)),
        Gen.Int[-300, 300].Select(v => (object?)new BigInteger(v)),
        Const(IPAddress.Loopback, IPAddress.IPv6Loopback, IPAddress.Parse("::1%3"), IPAddress.Parse("::ffff:127.0.0.1"), new NpgsqlInet(IPAddress.Loopback, 8)),
        Gen.Int[0, 3].Select(v => (object?)Instant.FromUnixTimeTicks(v)),
        Gen.Int[0, 3].Select(v => (object?)Period.FromDays(v)),
        Gen.Int[0, 3].Select(v => (object?)new NpgsqlRange<int>(v, v + 3)),
        Gen.Int[0, 3].Select(v => (object?)new Point(v, "x")),
        Gen.Int[0, 3].Select(v => (object?)JsonDocument.Parse($"[{v}]")),
        Gen.Int[0, 3].Select(v => (object?)new Dictionary<string, string?> { [$"{v}"] = null }),
        Gen.Bool.Array[0, 9].Select(v => (object?)new BitArray(v)),
        Gen.Byte[0, 1].Array[0, 4].Select(v => (object?)v));

    private static readonly Gen<object?> s_value = Gen.Recursive<object?>((depth, gen) => depth >= 3
        ? s_scalar
        : Gen.Frequency(
            (4, s_scalar),
            (1, gen.Array[0, 3].Select(v => (object?)v)),
            (1, gen.List[0, 3].Select(v => (object?)v)),
            (1, Gen.Int[0, 2].Array2D[1, 2].Select(v => (object?)v))));

    private static Gen<object?> Const(params object?[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    public ParameterPropertyTests() => NodaTimeFamilies.Register();

    [Fact]
    public void Different_lists_of_values_never_share_their_bytes_and_equal_ones_always_do()
        => Gen.Select(s_value.List[0, 4], s_value.List[0, 4]).Sample(
            (one, two) =>
            {
                var (first, second) = (Bytes(one), Bytes(two));
                Assert.Equal(first, Bytes(one));
                Assert.Equal(Show(one) == Show(two), first.AsSpan().SequenceEqual(second));
            },
            iter: 20_000);

    [Fact]
    public void Moving_a_value_from_one_list_to_the_next_changes_the_bytes()
        => s_value.List[1, 5].Sample(
            values =>
            {
                for (var split = 1; split < values.Count; split++)
                {
                    var (left, right) = (Bytes([values[..split], values[split..]]), Bytes([values[..(split - 1)], values[(split - 1)..]]));
                    Assert.False(left.AsSpan().SequenceEqual(right));
                }

                Assert.False(Bytes(values).AsSpan().SequenceEqual(Bytes([values])));
            },
            iter: 5_000);

    [Fact]
    public void Every_type_that_a_column_can_have_has_an_exact_key()
    {
        var seen = new Dictionary<string, object>();
        foreach (var value in SampleValues.All)
        {
            var bytes = Convert.ToHexString(Bytes([value]));
            Assert.Equal(bytes, Convert.ToHexString(Bytes([value])));
            Assert.True(seen.TryAdd(bytes, value), $"{value} and {seen.GetValueOrDefault(bytes)} have the same bytes");
        }
    }

    [Fact]
    public void An_array_that_is_changed_in_place_is_another_key()
    {
        int[] ids = [1, 2, 3];
        var before = Bytes([ids]);
        ids[1] = 9;
        Assert.False(before.AsSpan().SequenceEqual(Bytes([ids])));
    }

    [Fact]
    public void Lists_are_their_elements_whatever_collection_holds_them()
    {
        var bytes = Bytes([new[] { 1, 2 }]);
        Assert.Equal(bytes, Bytes([new List<int> { 1, 2 }]));
        Assert.Equal(bytes, Bytes([ImmutableArray.Create(1, 2)]));
        Assert.Equal(bytes, Bytes([new HashSet<int> { 1, 2 }]));
        Assert.NotEqual(bytes, Bytes([new[] { 1u, 2u }]));
        Assert.NotEqual(bytes, Bytes([new[] { (DayOfWeek)1, (DayOfWeek)2 }]));
        Assert.NotEqual(bytes, Bytes([new[,] { { 1, 2 } }]));
        Assert.NotEqual(Bytes([new[,] { { 1, 2 } }]), Bytes([new[,] { { 1 }, { 2 } }]));
    }

    private static string Show(object? value) => value switch
    {
        null or DBNull => "null",
        string text => $"s{text.Length}:" + string.Join(',', text.Select(c => (int)c)),
        char c => $"c{(int)c}",
        float v => $"f{BitConverter.SingleToInt32Bits(v)}",
        double v => $"d{BitConverter.DoubleToInt64Bits(v)}",
        decimal v => "m" + string.Join('.', decimal.GetBits(v)),
        DateTime v => $"t{v.Ticks}.{v.Kind}",
        byte[] v => "b" + Convert.ToHexString(v),
        BitArray v => "B" + string.Concat(v.Cast<bool>().Select(b => b ? 1 : 0)),
        JsonDocument v => "J" + v.RootElement.GetRawText(),
        Dictionary<string, string?> v => "D" + string.Join(',', v),
        Array { Rank: 2 } v => $"A{v.GetLength(0)}x{v.GetLength(1)}(" + string.Join(',', v.Cast<object?>().Select(Show)) + ")",
        IEnumerable v when value is Array || value is IList => "[" + string.Join(',', v.Cast<object?>().Select(Show)) + "]",
        IPAddress v => "ip" + v.AddressFamily + v,
        PhysicalAddress v => "mac" + v,
        Instant v => "I" + v.ToUnixTimeTicks(),
        _ => value.GetType().Name + value,
    };

    private static byte[] Bytes(IEnumerable<object?> values)
    {
        var writer = new KeyWriter(stackalloc byte[64]);
        try
        {
            foreach (var value in values)
            {
                Assert.True(ParameterEncoder.TryWrite(ref writer, value), $"{value?.GetType()} has no key");
            }

            return writer.Written.ToArray();
        }
        finally
        {
            writer.Dispose();
        }
    }

    private readonly record struct Point(int X, string Name);
}
