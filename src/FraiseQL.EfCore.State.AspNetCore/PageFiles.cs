using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace FraiseQL.EfCore.State.AspNetCore;

/// <summary>The page's own files, from the assembly. Their addresses are relative, so that they are found under any path and behind any proxy.</summary>
internal static class PageFiles
{
    private const string Page = "index.html";

    private static readonly Dictionary<string, (byte[] Bytes, string Type, EntityTagHeaderValue Tag)> s_files = Load();

    public static IEnumerable<string> Names => s_files.Keys.Where(name => name != Page);

    public static Task SendPageAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "";
        if (path.EndsWith('/'))
        {
            return SendAsync(http, Page);
        }

        // Relative to what the browser shows, which a proxy may have prefixed.
        http.Response.StatusCode = StatusCodes.Status302Found;
        http.Response.Headers.Location = path.Length == 0 ? http.Request.PathBase.Value + "/" : path[(path.LastIndexOf('/') + 1)..] + "/";
        return Task.CompletedTask;
    }

    public static async Task SendAsync(HttpContext http, string name)
    {
        var (bytes, type, tag) = s_files[name];
        Answer.Secure(http, "no-cache");
        http.Response.GetTypedHeaders().ETag = tag;
        if (http.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Compare(tag, useStrongComparison: false)))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        http.Response.ContentType = type;
        http.Response.ContentLength = bytes.Length;
        await http.Response.BodyWriter.WriteAsync(bytes, http.RequestAborted).ConfigureAwait(false);
    }

    private static Dictionary<string, (byte[] Bytes, string Type, EntityTagHeaderValue Tag)> Load()
    {
        const string Prefix = "page/";
        var assembly = typeof(PageFiles).Assembly;
        var files = new Dictionary<string, (byte[], string, EntityTagHeaderValue)>(StringComparer.Ordinal);
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(resource)!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            var type = Path.GetExtension(resource) switch
            {
                ".html" => "text/html; charset=utf-8",
                ".js" => "text/javascript; charset=utf-8",
                ".css" => "text/css; charset=utf-8",
                _ => "image/svg+xml",
            };
            files[resource[Prefix.Length..]] = (bytes, type, new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 12))}\""));
        }

        return files;
    }
}
