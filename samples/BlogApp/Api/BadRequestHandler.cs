using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;

namespace BlogApp.Api;

/// <summary>Answers a body that is not the expected JSON with problem details that name the field, like every other wrong input.</summary>
internal sealed class BadRequestHandler : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not BadHttpRequestException bad)
        {
            return false;
        }

        var path = (bad.InnerException as JsonException)?.Path?.TrimStart('$', '.');
        var (field, message) = path is { Length: > 0 }
            ? (path, $"'{path}' has the wrong type.")
            : ("body", bad.InnerException is JsonException ? "The body must be a JSON object." : "The body is missing or is not JSON.");
        httpContext.Response.StatusCode = bad.StatusCode;
        var problem = TypedResults.ValidationProblem(new Dictionary<string, string[]> { [field] = [message] });
        problem.ProblemDetails.Status = bad.StatusCode;
        await problem.ExecuteAsync(httpContext);
        return true;
    }
}
