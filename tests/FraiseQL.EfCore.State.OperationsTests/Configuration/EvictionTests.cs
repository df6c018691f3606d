using FraiseQL.EfCore.State.Cache;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.OperationsTests.Configuration;

/// <summary>What leaves memory when it is full.</summary>
public sealed class EvictionTests
{
    private const int Size = 1000;

    [Theory]
    [InlineData(L1Eviction.Clock)]
    [InlineData(L1Eviction.Lru)]
    [Feature("S8.1-l1-max")]
    [Feature("S8.1-l1-eviction")]
    public async Task Memory_keeps_to_the_size_that_the_configuration_says(L1Eviction eviction)
    {
        var services = new ServiceCollection();
        services.AddDbContext<BlogContext>(o => o.UseNpgsql("Host=nowhere").UseFraiseQLState());
        services.AddFraiseQLState<BlogContext>(Section.Of("Cache:L1:MaxSizeMb=1", $"Cache:L1:Eviction={eviction}"));
        await using var provider = services.BuildServiceProvider();
        var memory = provider.GetRequiredKeyedService<StateRuntime>(typeof(BlogContext)).Store.Memory;
        for (var i = 0; i < 5000; i++)
        {
            Put(memory, $"key{i}");
        }

        Assert.InRange(memory.Bytes, 1_000_000, 1_048_576);
        Assert.True(memory.TryGetValue("key4999", out _));
        Assert.False(memory.TryGetValue("key0", out _));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [Feature("S8.1-l1-eviction")]
    public void Lru_keeps_exactly_what_was_used_last(int seed)
    {
        const int Room = 20;
        using var store = new L1Store(Room * (Size + L1Store.Overhead + 48), TimeProvider.System, L1Eviction.Lru);
        var random = new Random(seed);
        var lastUsed = new LinkedList<string>();
        for (var i = 0; i < 5000; i++)
        {
            // Some keys more often than others, as in life.
            var key = $"key{random.Next(random.Next(1, 60))}";
            var there = store.TryGetValue(key, out _);
            Assert.Equal(lastUsed.Take(Room).Contains(key), there);
            if (!there)
            {
                Put(store, key);
            }

            lastUsed.Remove(key);
            lastUsed.AddFirst(key);
        }

        Assert.Equal(Room, store.Count);
    }

    [Fact]
    [Feature("S8.1-l1-eviction")]
    public async Task Lru_keeps_its_bound_and_its_count_whatever_many_threads_do()
    {
        const int MaxBytes = 100_000;
        using var store = new L1Store(MaxBytes, TimeProvider.System, L1Eviction.Lru);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(() =>
        {
            var random = new Random(writer);
            for (var i = 0; i < 5000; i++)
            {
                var key = $"key{random.Next(300)}";
                switch (random.Next(4))
                {
                    case 0:
                        store.Remove(key);
                        break;
                    case 1:
                        Put(store, key);
                        break;
                    default:
                        store.TryGetValue(key, out _);
                        break;
                }
            }
        })));
        Assert.InRange(store.Bytes, 1, MaxBytes);
        Assert.Equal(store.Count * (long)(Size + L1Store.Overhead + 48), store.Bytes);
        for (var i = 0; i < 300; i++)
        {
            store.Remove($"key{i}");
        }

        Assert.Equal((0, 0L), (store.Count, store.Bytes));
    }

    private static void Put(L1Store store, string key)
    {
        // As whoever stores does: otherwise the size that another test has said last on this thread would count.
        L1Store.NextEntryTakes(null, Size);
        using var entry = store.CreateEntry(key);
        entry.Value = key;
        entry.Size = Size;
        entry.AbsoluteExpirationRelativeToNow = TimeSpan.FromHours(1);
    }
}
