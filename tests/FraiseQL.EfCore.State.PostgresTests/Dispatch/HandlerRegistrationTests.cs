using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.PostgresTests.Dispatch;

/// <summary>Whatever can never be handled is refused when the host starts. No server is needed for that.</summary>
[Feature("S2.4-on-event")]
[Feature("U-42-fail-loud")]
public sealed class HandlerRegistrationTests
{
    private const string Unused = "Host=127.0.0.1;Port=1;Username=u;Database=d";

    private static readonly Func<ChangeContext, Task> Nothing = _ => Task.CompletedTask;

    [Fact]
    public async Task An_event_type_that_the_entity_does_not_have_is_refused_with_those_it_has_nearest_first()
    {
        var error = await RefusedAsync(builder => builder.OnEvent<Post>("post_craeted", (_, c, _) => Nothing(c)));
        Assert.Contains("OnEvent<Post>(\"post_craeted\")", error, StringComparison.Ordinal);
        Assert.Contains("Its events are post_created, ", error, StringComparison.Ordinal);
        Assert.Contains("post_truncated", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_of_another_entity_is_refused_with_its_name()
        => Assert.Contains("use OnEvent<Person>", await RefusedAsync(b => b.OnEvent<Post>("person_created", (_, c, _) => Nothing(c))), StringComparison.Ordinal);

    [Fact]
    public async Task A_type_that_is_not_in_the_model_is_refused()
        => Assert.Contains("not an entity type of its own in the model of ShopContext", await RefusedAsync(b => b.AddHandler<OfUnknown>()), StringComparison.Ordinal);

    [Fact]
    public async Task An_owned_type_is_refused()
        => Assert.Contains("handle the type that owns it", await RefusedAsync(b => b.AddHandler<OfOwned>()), StringComparison.Ordinal);

    [Fact]
    public async Task A_derived_type_is_refused_in_favour_of_its_root()
        => Assert.Contains("Handle Person", await RefusedAsync(b => b.AddHandler<OfDerived>()), StringComparison.Ordinal);

    [Fact]
    public async Task A_type_whose_capture_is_off_is_refused()
        => Assert.Contains("IgnoreChangeEvents()", await RefusedAsync(b => b.AddHandler<OfSilent>()), StringComparison.Ordinal);

    [Fact]
    public void A_class_that_handles_nothing_is_refused_at_once()
    {
        var error = Assert.Throws<InvalidOperationException>(() => Builder().AddHandler<HandlerRegistrationTests>());
        Assert.Contains("IChangeHandler<TEntity>", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_event_type_is_refused_at_once()
        => Assert.Throws<ArgumentException>(() => Builder().OnEvent<Post>(" ", (_, c, _) => Nothing(c)));

    [Fact]
    public async Task Several_handlers_and_several_interfaces_are_accepted_and_the_database_need_not_be_there()
    {
        await using var node = HandlerNode.Create(
            Unused, b => b.AddHandler<OfTwo>().AddHandler<OfTwo>().OnEvent<Post>("post_deleted", (_, c, _) => Nothing(c)));
        await node.StartAsync();
        await Eventually.Until(() => node.Said(FraiseQLStateEventId.HandlersInterrupted) > 1);
    }

    private static FraiseQLStateBuilder Builder() => new ServiceCollection().AddFraiseQLState<ShopContext>();

    private static async Task<string> RefusedAsync(Action<FraiseQLStateBuilder> handlers)
    {
        await using var node = HandlerNode.Create(Unused, handlers);
        return (await Assert.ThrowsAsync<InvalidOperationException>(node.StartAsync)).Message;
    }

    private abstract class Handles<T> : IChangeHandler<T>
        where T : class
    {
        public Task HandleAsync(ChangeEvent<T> change, ChangeContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class OfUnknown : Handles<Uri>;

    private sealed class OfOwned : Handles<Home>;

    private sealed class OfDerived : Handles<Member>;

    private sealed class OfSilent : Handles<Silent>;

    private sealed class OfTwo : Handles<Post>, IChangeHandler<Person>
    {
        public Task HandleAsync(ChangeEvent<Person> change, ChangeContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
