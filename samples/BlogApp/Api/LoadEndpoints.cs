using BlogApp.Load;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BlogApp.Api;

/// <summary>The load button: the blog's own reads, many times, with and without the cache.</summary>
internal static class LoadEndpoints
{
    private const int FewestReads = 10;
    private const int MostReads = 20_000;
    private const int DefaultReads = 2000;

    public static void Map(RouteGroupBuilder api) => api.MapPost("/load", LoadAsync);

    private static async Task<Results<Ok<LoadReport>, ValidationProblem, Conflict<HttpValidationProblemDetails>>> LoadAsync(
        LoadInput input, LoadRun run, CancellationToken cancellationToken)
    {
        var reads = input.Reads ?? DefaultReads;
        if (reads is < FewestReads or > MostReads)
        {
            return TypedResults.ValidationProblem(new Dictionary<string, string[]>
            {
                ["reads"] = [$"'reads' must be a number from {FewestReads} to {MostReads}."],
            });
        }

        return await run.TryRunAsync(reads, cancellationToken) is { } report
            ? TypedResults.Ok(report)
            : TypedResults.Conflict(new HttpValidationProblemDetails { Title = "A run is under way: try again when it has ended.", Status = StatusCodes.Status409Conflict });
    }
}
