using System.Globalization;
using FraiseQL.EfCore.State.Shared;
using Microsoft.Extensions.Configuration;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>
/// Reads a section before it is bound, and says everything that is wrong with it: keys that do not exist, and texts that are not what their key holds. The
/// framework's binder passes over the first, reads "300" as 300 days, and says little of the rest.
/// </summary>
internal static class SectionCheck
{
    /// <exception cref="InvalidOperationException">Something is wrong; the message names each key and what to write.</exception>
    public static void ThrowIfWrong(IConfiguration section)
    {
        if (Failures(section) is { Count: > 0 } failures)
        {
            throw new InvalidOperationException(string.Join('\n', failures));
        }
    }

    public static IReadOnlyList<string> Failures(IConfiguration section)
    {
        if (section is IConfigurationRoot && section.GetSection("FraiseQL:State").Exists())
        {
            return [StateStrings.WholeConfiguration];
        }

        var failures = new List<string>();
        var prefix = section is IConfigurationSection named ? named.Path + ":" : string.Empty;
        foreach (var (path, value) in section.AsEnumerable(makePathsRelative: true).OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (value is not null && path.Length > 0 && Failure(prefix, path, value) is { } failure)
            {
                failures.Add(failure);
            }
        }

        return failures;
    }

    private static string? Failure(string prefix, string path, string value)
    {
        // Cache:Profiles:<any name>:<key>
        var profile = path.Split(':') is [var cache, var profiles, var name, _]
            && cache.Equals("Cache", StringComparison.OrdinalIgnoreCase) && profiles.Equals("Profiles", StringComparison.OrdinalIgnoreCase)
            ? $"Cache:Profiles:{name}:"
            : null;
        var known = profile is null
            ? ConfigurationKeys.Table.Select(key => (key.Path, key.Type, key.Names)).Concat(ConfigurationKeys.OfHealth)
            : ConfigurationKeys.OfProfile.Select(key => (Path: profile + key.Key, key.Type, Names: key.Type.IsEnum ? Enum.GetNames(key.Type) : null));
        foreach (var (key, type, names) in known)
        {
            if (key.Equals(path, StringComparison.OrdinalIgnoreCase))
            {
                return value.Length == 0 ? null : Failure(prefix + path, value, type, names);
            }
        }

        if (known.Select(key => key.Path).FirstOrDefault(key => key.StartsWith(path + ":", StringComparison.OrdinalIgnoreCase)) is { } below)
        {
            return StateStrings.SectionWithValue(prefix + path, prefix + below);
        }

        return StateStrings.UnknownKey(prefix + path, prefix + known.MinBy(key => EditDistance.Between(key.Path, path)).Path);
    }

    private static string? Failure(string path, string value, Type type, string[]? names)
    {
        if (names is not null)
        {
            return names.Contains(value.Trim(), StringComparer.OrdinalIgnoreCase) ? null : StateStrings.NotAName(path, value, names);
        }

        if (type == typeof(TimeSpan))
        {
            // What TimeSpan.Parse takes for days is meant as seconds, or milliseconds.
            return double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? StateStrings.BareNumber(path, value, number)
                : !TimeSpan.TryParse(value, CultureInfo.InvariantCulture, out var time) ? StateStrings.NotATime(path, value)
                : value.Split(':') is { Length: 2 or 3 } parts && int.TryParse(parts[0], NumberStyles.Integer, CultureInfo.InvariantCulture, out var first)
                    && time.Days == first && first != 0
                    ? StateStrings.HoursAreDays(path, value, first)
                : null;
        }

        return type == typeof(bool) && !bool.TryParse(value, out _) ? StateStrings.NotASwitch(path, value)
            : type == typeof(int) && !int.TryParse(value, NumberStyles.Integer, CultureInfo.InvariantCulture, out _) ? StateStrings.NotAWholeNumber(path, value)
            : type == typeof(double) && !double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? StateStrings.NotANumber(path, value)
            : null;
    }
}
