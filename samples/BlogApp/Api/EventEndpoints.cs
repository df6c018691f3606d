using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace BlogApp.Api;

internal static class EventEndpoints
{
    public static void AddServices(IServiceCollection services)
    {
    }

    public static void Map(RouteGroupBuilder api)
        => api.MapGet("/events", (CancellationToken c) => TypedResults.ServerSentEvents(EventsAsync(c)));

    private static async IAsyncEnumerable<SseItem<string>> EventsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new SseItem<string>("{}", "hello");
        await Task.Delay(-1, cancellationToken);
    }
}
