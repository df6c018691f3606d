using System.Globalization;
using FraiseQL.EfCore.State.Keys;

namespace FraiseQL.EfCore.State.Tests.Keys;

[Feature("S1.2-key-variables")]
public sealed class KeyTests
{
    [Fact]
    public void Values_that_differ_in_type_kind_or_structure_never_share_their_bytes()
    {
        object?[][] lists =
        [
            [], [null], [null, null], [0], [0L], [(short)0], [(byte)0], [false], [""], ["0"], ["\0"], ['\0'], [0.0], [-0.0], [0f], [0m], [0.0m], [TimeSpan.Zero],
            ["a", "b"], ["ab"], ["ab", ""], ["", "ab"], [new[] { "a", "b" }], [new[] { "a" }, "b"], [new[] { "a", "b" }, null], [Array.Empty<string>()],
            [new byte[] { 1 }], [(byte)1], [new byte[] { 1, 0 }], [new[] { 1, 2 }], [1, 2], [new[] { 1 }, 2], [new List<int> { 1 }, 3], [12], [1, 21], [121],
            [new DateTime(5, DateTimeKind.Utc)], [new DateTime(5, DateTimeKind.Local)], [new DateTime(5, DateTimeKind.Unspecified)],
            [new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)], [new DateTimeOffset(2026, 1, 1, 1, 0, 0, TimeSpan.FromHours(1))],
            [DayOfWeek.Monday], [1u], [1ul], [double.NaN], [double.PositiveInfinity], ["é"], ["e\u0301"], ["\ud800"], [Guid.Empty], [new DateOnly(1, 1, 1)], [new TimeOnly(0)],
        ];
        var seen = new Dictionary<string, int>();
        for (var i = 0; i < lists.Length; i++)
        {
            var text = Convert.ToHexString(Bytes(lists[i])!);
            Assert.True(seen.TryAdd(text, i), string.Create(CultureInfo.InvariantCulture, $"lists {i} and {seen.GetValueOrDefault(text)} have the same bytes"));
        }
    }

    [Fact]
    public void The_bytes_do_not_depend_on_the_culture()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("tr-TR");
            var turkish = Bytes([1.5m, 2.5, new DateTime(2026, 2, 1), "I"]);
            CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
            Assert.Equal(Bytes([1.5m, 2.5, new DateTime(2026, 2, 1), "I"]), turkish);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void A_type_without_an_exact_form_is_refused()
    {
        Assert.Null(Bytes([new object()]));
        Assert.Null(Bytes([new[] { new object() }]));
        Assert.Null(Bytes([new Uri("http://localhost")]));
        Assert.Null(Bytes([new Dictionary<int, int> { [1] = 2 }]));
        Assert.Null(Bytes([new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["a"] = "b" }]));
        Assert.Null(Bytes([new Dictionary<string, string> { ["\ud800"] = "b" }]));
        Assert.Null(Bytes([Enumerable.Range(1, 3).Where(i => i > 1)]));
        Assert.Null(Bytes([default(System.Collections.Immutable.ImmutableArray<int>)]));
        Assert.Null(Bytes([default(System.Text.Json.JsonElement)]));
        Assert.Null(Bytes([nint.Zero]));
    }

    [Fact]
    public void Long_values_are_kept_whole()
    {
        var text = new string('x', 100_000);
        Assert.NotEqual(Bytes([text + "a"]), Bytes([text + "b"]));
        Assert.Equal(5 + 200_002, Bytes([text + "a"])!.Length);
    }

    [Fact]
    public void The_memo_finds_a_key_by_its_exact_bytes_only()
    {
        var memo = new KeyMemo<CacheKey>();
        byte[] bytes = [1, 2, 3];
        var hash = KeyMemo<CacheKey>.HashOf(bytes);
        var key = new CacheKey(bytes, hash, [], null, []);
        Assert.Null(memo.Find(bytes, hash));
        memo.Remember(key);
        Assert.Same(key, memo.Find([1, 2, 3], hash));
        Assert.Null(memo.Find([1, 2, 4], hash));
        Assert.Equal(43, key.Text.Length);
    }

    [Fact]
    public void The_memo_grows_with_what_is_in_memory_and_lets_go_of_what_has_left()
    {
        var memo = new KeyMemo<CacheKey>();
        var keys = Enumerable.Range(0, 50_000).Select(i =>
        {
            var bytes = BitConverter.GetBytes(i);
            return new CacheKey(bytes, KeyMemo<CacheKey>.HashOf(bytes), [], null, []);
        }).ToArray();
        foreach (var key in keys)
        {
            memo.Remember(key);
            Assert.Same(key, memo.Find(key.Bytes, key.Hash));
        }

        // A few have lost their place to another one of their set.
        Assert.InRange(keys.Count(k => ReferenceEquals(k, memo.Find(k.Bytes, k.Hash))), 49_000, 50_000);
        foreach (var key in keys)
        {
            memo.Forget(key);
            Assert.Null(memo.Find(key.Bytes, key.Hash));
        }
    }

    [Fact]
    public void The_memo_does_not_hold_on_to_huge_keys()
    {
        var memo = new KeyMemo<CacheKey>();
        var bytes = new byte[10_000];
        var key = new CacheKey(bytes, KeyMemo<CacheKey>.HashOf(bytes), [], null, []);
        memo.Remember(key);
        Assert.Null(memo.Find(bytes, key.Hash));
    }

    [Theory]
    [InlineData("Host=a;Database=x;Username=u", "Host=A;Database=x;Username=u;Timeout=3;Password=secret", true, true)]
    [InlineData("Host=a;Database=x;Username=u", "Host=a;Database=x;Username=v", true, false)]
    [InlineData("Host=a;Database=x;Username=u", "Host=a;Database=x;Username=u;Search Path=s", true, false)]
    [InlineData("Host=a;Database=x;Username=u", "Host=a;Database=y;Username=u", false, false)]
    [InlineData("Host=a;Database=x;Username=u", "Host=b;Database=x;Username=u", false, false)]
    public void What_can_alter_an_answer_is_part_of_the_databases_identity(string one, string two, bool sameDatabase, bool sameAnswers)
    {
        var (a, b) = (DatabaseIdentity.Of(one), DatabaseIdentity.Of(two));
        Assert.Equal(sameDatabase, a.Domain == b.Domain);
        Assert.Equal(sameAnswers, a.KeyBytes.SequenceEqual(b.KeyBytes));
    }

    private static byte[]? Bytes(object?[] values)
    {
        var writer = new KeyWriter(stackalloc byte[16]);
        try
        {
            foreach (var value in values)
            {
                if (!ParameterEncoder.TryWrite(ref writer, value))
                {
                    return null;
                }
            }

            return writer.Written.ToArray();
        }
        finally
        {
            writer.Dispose();
        }
    }
}
