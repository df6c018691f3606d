namespace BlogApp.Api;

internal static class EventEndpoints
{
    public static void AddServices(IServiceCollection services)
    {
    }

    public static void Map(RouteGroupBuilder api)
    {
    }
}
