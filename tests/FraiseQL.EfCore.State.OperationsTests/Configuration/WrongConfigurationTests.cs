using System.Text;
using Microsoft.Extensions.Hosting;

namespace FraiseQL.EfCore.State.OperationsTests.Configuration;

/// <summary>What cannot work ends the start, and says what to do.</summary>
[Feature("U-42-fail-loud")]
public sealed class WrongConfigurationTests
{
    public static TheoryData<string> Names => new(Mistakes.All.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    [Feature("S8.1-configure")]
    public async Task A_mistake_ends_the_start_without_telling_a_secret(string mistake)
    {
        var error = await StartAsync(Mistakes.All[mistake]);
        Assert.NotNull(error);
        for (Exception? inner = error; inner is not null; inner = inner.InnerException)
        {
            Assert.DoesNotContain(Mistakes.Secret, inner.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Each_message_is_the_approved_one()
    {
        Assert.True(Mistakes.All.Count >= 25);
        var text = new StringBuilder();
        foreach (var (name, mistake) in Mistakes.All)
        {
            var error = await StartAsync(mistake);
            text.Append("# ").AppendLine(name).AppendLine(error?.Message.Split(" (Parameter ")[0] ?? "(starts)").AppendLine();
        }

        Approved.Match(text.ToString(), "WrongConfiguration");
    }

    private static async Task<Exception?> StartAsync(Action<HostApplicationBuilder> mistake)
        => await Record.ExceptionAsync(async () =>
        {
            var builder = Host.CreateEmptyApplicationBuilder(null);
            mistake(builder);
            using var host = builder.Build();
            await host.StartAsync();
            await host.StopAsync();
        });
}
