using System.Globalization;
using FraiseQL.EfCore.State.PostgresTests.Caching;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace FraiseQL.EfCore.State.OperationsTests.Configuration;

/// <summary>Every key reaches the option of its name, and no other one.</summary>
public sealed class KeyTests
{
    public static TheoryData<string> Paths => new(ConfigurationKeys.All);

    [Theory]
    [MemberData(nameof(Paths))]
    [Feature("S8.1-configure")]
    public void A_key_of_the_section_is_the_option_of_its_name(string path)
    {
        var key = ConfigurationKeys.Table.Single(k => k.Path == path);
        var before = new FraiseQLStateOptions();
        var (text, value) = Other(key, before);
        var bound = Bound($"{path}={text}");
        Assert.Equal(value, key.Get(bound));
        Assert.All(ConfigurationKeys.Table.Where(k => k != key), other => Assert.Equal(other.Get(before), other.Get(bound)));

        var copied = new FraiseQLStateOptions();
        key.Copy(bound, copied);
        Assert.Equal(value, key.Get(copied));
    }

    [Fact]
    public void An_empty_text_is_no_value()
    {
        var bound = Bound("Cache:DefaultTtl=", "Cache:L2:Backend=", "Cache:L2:Url=", "Cache:WhileProven=");
        Assert.Equal(
            (TimeSpan.FromMinutes(5), (L2Backend?)null, (TimeSpan?)null),
            (bound.Cache.DefaultTtl, bound.Cache.L2.Backend, bound.Cache.WhileProven));
        Assert.True(string.IsNullOrEmpty(bound.Cache.L2.Url));
    }

    [Fact]
    [Feature("S8.1-l1-backend")]
    public void The_first_level_is_memory()
        => Assert.Equal(L1Backend.Memory, Bound("Cache:L1:Backend=memory").Cache.L1.Backend);

    private static FraiseQLStateOptions Bound(params string[] lines)
    {
        var services = new ServiceCollection();
        services.AddDbContext<BlogContext>(o => o.UseNpgsql("Host=nowhere").UseFraiseQLState());
        services.AddFraiseQLState<BlogContext>(Section.Of(lines));

        // Made and not checked: some values need others beside them.
        var options = new FraiseQLStateOptions();
        using var provider = services.BuildServiceProvider();
        foreach (var configure in provider.GetServices<IConfigureOptions<FraiseQLStateOptions>>().OfType<IConfigureNamedOptions<FraiseQLStateOptions>>())
        {
            configure.Configure(typeof(BlogContext).FullName, options);
        }

        return options;
    }

    private static (string Text, object Value) Other(ConfigurationKey key, FraiseQLStateOptions options) => key.Get(options) switch
    {
        bool value => ($"{!value}", !value),
        int value => ($"{value + 1}", value + 1),
        double value => ((value + 0.25).ToString(CultureInfo.InvariantCulture), value + 0.25),
        TimeSpan value => ((value + TimeSpan.FromSeconds(90)).ToString("c", CultureInfo.InvariantCulture), value + TimeSpan.FromSeconds(90)),
        string value => (value + "x", value + "x"),
        _ when key.Names is { } names => (names[^1], Enum.Parse(key.Type, names[^1])),
        _ when key.Type == typeof(TimeSpan) => ("00:01:30", TimeSpan.FromSeconds(90)),
        _ when key.Type == typeof(int) => ("7", 7),
        _ => ("text", "text"),
    };
}
