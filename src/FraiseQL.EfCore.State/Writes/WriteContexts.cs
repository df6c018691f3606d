using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.Keys;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.Writes;

/// <summary>Asks the application what a write says of itself. Thread-safe; fixed when the application has started.</summary>
internal sealed class WriteContexts(bool enabled, IReadOnlyList<Action<WriteContext>> describers, CacheScope? tenant, ILogger logger)
{
    private static readonly string s_origin = Environment.MachineName;

    private int _hasFailed;

    /// <summary>What is written with a write, as JSON; <see langword="null"/> when there is nothing to say.</summary>
    public string? Describe(DbContext context)
    {
        var activity = Activity.Current;
        if (!enabled || (activity is null && describers.Count == 0 && tenant is null))
        {
            return null;
        }

        try
        {
            var seen = CacheScopes.ContextOf(context);
            var trace = activity is { IdFormat: ActivityIdFormat.W3C } ? activity.Id : null;
            var write = new WriteContext(context, seen.Services, tenant?.Value(seen), trace, s_origin);
            foreach (var describe in describers)
            {
                describe(write);
            }

            return Json(write);
        }
#pragma warning disable CA1031 // The application's function must not fail the application's write.
        catch (Exception error)
#pragma warning restore CA1031
        {
            if (Interlocked.Exchange(ref _hasFailed, 1) == 0)
            {
                logger.WriteNotDescribed(LoggedError.OfApplication(error, mayShow: false));
            }

            return null;
        }
    }

    private static string? Json(WriteContext write)
    {
        if ((write.Tenant ?? write.Actor ?? write.ActorType ?? write.ActingFor ?? write.TraceParent) is null
            && write.Further is not { Count: > 0 } && (write.Origin is null || write.Origin == s_origin))
        {
            return null;
        }

        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            Text(json, "tenant", write.Tenant);
            Text(json, "actor", write.Actor);
            Text(json, "actor_type", write.ActorType);
            Text(json, "acting_for", write.ActingFor);
            Text(json, "traceparent", write.TraceParent);
            Text(json, "origin", write.Origin);
            foreach (var (name, value) in write.Further ?? new Dictionary<string, string>())
            {
                Text(json, name, value);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    // PostgreSQL's jsonb has no NUL, and would drop all of it for one.
    private static void Text(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name.Replace("\0", "", StringComparison.Ordinal), value.Replace("\0", "", StringComparison.Ordinal));
        }
    }
}
