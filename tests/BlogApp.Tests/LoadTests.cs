using System.Net.Http.Json;
using System.Text.Json;

namespace BlogApp.Tests;

/// <summary>The load button's endpoint.</summary>
public sealed class LoadTests(BlogWorld world) : IClassFixture<BlogWorld>
{
    [Fact]
    [Feature("B-16-dashboard")]
    public async Task A_run_counts_every_read_on_both_sides_and_hits_on_one()
    {
        await world.Node.WarmAsync("posts");

        var report = await world.Node.PostAsync("load", new { reads = 400 });

        Assert.Equal(200, report.Status);
        var (cached, database) = (report["cached"], report["database"]);
        Assert.Equal((400, 400), (cached.GetProperty("reads").GetInt32(), database.GetProperty("reads").GetInt32()));
        Assert.Equal((400, 400), (Sum(cached), Sum(database)));
        Assert.Equal(report["bounds"].GetArrayLength() + 1, cached.GetProperty("histogram").GetArrayLength());
        Assert.True(cached.GetProperty("fromMemory").GetInt32() > 300, report.Body.ToString());
        Assert.Equal(0, database.GetProperty("fromMemory").GetInt32());
        Assert.True(cached.GetProperty("median").GetDouble() <= cached.GetProperty("p99").GetDouble());

        static int Sum(JsonElement side) => side.GetProperty("histogram").EnumerateArray().Sum(c => c.GetInt32());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20_001)]
    public async Task A_number_of_reads_that_is_out_of_range_is_refused(int reads)
    {
        var reply = await world.Node.PostAsync("load", new { reads });

        Assert.Equal(400, reply.Status);
        Assert.Contains("from 10 to 20000", reply.Errors("reads"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_keeps_others_out_until_it_has_ended_or_its_visitor_has_gone()
    {
        using var gone = new CancellationTokenSource();
        var first = world.Node.Http.PostAsJsonAsync("load", new { reads = 20_000 }, gone.Token);
        await Eventually.For(() => world.Node.PostAsync("load", new { reads = 10 }), reply => reply.Status == 409);

        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Eventually.For(() => world.Node.PostAsync("load", new { reads = 10 }), reply => reply.Status == 200);
    }
}
