using System.Globalization;
using StackExchange.Redis;

namespace FraiseQL.EfCore.State.Redis;

/// <summary>Reads the text given to <c>AddRedis</c>, and adds what makes a broken Redis harmless.</summary>
internal static class RedisAddress
{
    private const int DefaultPort = 6379;

    // Put before the user's own settings, which therefore win.
    private const string DefaultText = "connectTimeout=1000,syncTimeout=1000,asyncTimeout=1000,connectRetry=1";

    public static ConfigurationOptions Defaults() => ConfigurationOptions.Parse(DefaultText);

    public static ConfigurationOptions Harmless(ConfigurationOptions options)
    {
        options.AbortOnConnectFail = false;
        options.BacklogPolicy = BacklogPolicy.FailFast;

        // A client's exception names the command's key; keys are not for logs.
        options.IncludeDetailInExceptions = false;
        options.ClientName ??= "FraiseQL.EfCore.State";
        return options;
    }

    /// <summary>
    /// Makes the client's timeouts those of the cache: a synchronous read ends by the client's own, on its caller's thread; a write, which is
    /// asynchronous, may take longer.
    /// </summary>
    public static ConfigurationOptions WithBudgets(ConfigurationOptions options, L2Options l2)
    {
        options = options.Clone();
        options.SyncTimeout = Math.Min(options.SyncTimeout, Milliseconds(l2.Timeout));
        options.AsyncTimeout = Math.Max(options.AsyncTimeout, Milliseconds(l2.WriteTimeout));

        if (options.Tunnel is null && options.SocketManager is null)
        {
            options.Tunnel = new BlockingTunnel();
            options.SocketManager = BlockingTunnel.CreateThreads();
        }

        return options;

        static int Milliseconds(TimeSpan time) => Math.Max(1, (int)time.TotalMilliseconds);
    }

    /// <summary>Why a text is no address, without a part of it; <see langword="null"/> when it is one.</summary>
    public static string? Check(string text)
    {
        try
        {
            Parse(text);
            return null;
        }
        catch (ArgumentException error)
        {
            // The name of the parameter, which the exception adds, is of no use here.
            return error.Message.Split(" (Parameter ")[0];
        }
    }

    /// <exception cref="ArgumentException">The text is neither a URL nor a StackExchange.Redis string with an end point.</exception>
    public static ConfigurationOptions Parse(string text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            throw new ArgumentException(RedisStrings.Empty, nameof(text));
        }

        text = text.Trim();
        return Harmless(text.Contains("://", StringComparison.Ordinal) ? FromUrl(text) : FromList(text));
    }

    private static ConfigurationOptions FromUrl(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Host.Length == 0)
        {
            throw new ArgumentException(RedisStrings.BadUrl("it is not a URL (special characters of a password must be percent-encoded)"), nameof(text));
        }

        if (url.Scheme is not ("redis" or "rediss"))
        {
            throw new ArgumentException(RedisStrings.BadUrl("its scheme is neither redis nor rediss"), nameof(text));
        }

        if (url.Query.Length > 0 || url.Fragment.Length > 0)
        {
            throw new ArgumentException(RedisStrings.BadUrl("it has a query or a fragment; use a StackExchange.Redis string for further options"), nameof(text));
        }

        var options = Defaults();
        options.EndPoints.Add(url.DnsSafeHost, url.Port > 0 ? url.Port : DefaultPort);
        if (url.Scheme == "rediss")
        {
            options.Ssl = true;
            options.SslHost = url.DnsSafeHost;
        }

        var path = url.AbsolutePath.Trim('/');
        if (path.Length > 0)
        {
            options.DefaultDatabase = int.TryParse(path, NumberStyles.None, CultureInfo.InvariantCulture, out var database)
                ? database
                : throw new ArgumentException(RedisStrings.BadUrl("the part after the host is not the number of a database"), nameof(text));
        }

        if (url.UserInfo.Length > 0)
        {
            var colon = url.UserInfo.IndexOf(':', StringComparison.Ordinal);
            var user = colon < 0 ? "" : url.UserInfo[..colon];
            options.Password = Uri.UnescapeDataString(url.UserInfo[(colon + 1)..]);
            options.User = user.Length > 0 ? Uri.UnescapeDataString(user) : null;
        }

        return options;
    }

    private static ConfigurationOptions FromList(string text)
    {
        ConfigurationOptions options;
        try
        {
            options = ConfigurationOptions.Parse(DefaultText + "," + text, ignoreUnknown: false);
        }
        catch (Exception error) when (error is ArgumentException or FormatException or OverflowException)
        {
            // The client's message may repeat a part of the text, so it is neither passed on nor kept as the cause.
            throw new ArgumentException(RedisStrings.BadList(FirstBadItem(text)), nameof(text));
        }

        return options.EndPoints.Count > 0 ? options : throw new ArgumentException(RedisStrings.BadList(item: 0), nameof(text));
    }

    private static int FirstBadItem(string text)
    {
        var items = text.Split(',');
        for (var i = 0; i < items.Length; i++)
        {
            try
            {
                ConfigurationOptions.Parse(items[i], ignoreUnknown: false);
            }
            catch (Exception error) when (error is ArgumentException or FormatException or OverflowException)
            {
                return i + 1;
            }
        }

        return 0;
    }
}
