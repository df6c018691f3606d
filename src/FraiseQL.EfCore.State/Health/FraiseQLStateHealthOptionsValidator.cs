using FraiseQL.EfCore.State.Setup;
using Microsoft.Extensions.Options;

namespace FraiseQL.EfCore.State.Health;

/// <summary>Refuses thresholds that cannot work, naming the property, the value and what is allowed.</summary>
internal sealed class FraiseQLStateHealthOptionsValidator(string name, Func<string, string> pathOf) : IValidateOptions<FraiseQLStateHealthOptions>
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(5);

    public ValidateOptionsResult Validate(string? optionsName, FraiseQLStateHealthOptions options)
    {
        if (optionsName != name)
        {
            return ValidateOptionsResult.Skip;
        }

        var failures = new List<string>();
        Range(nameof(options.Timeout), options.Timeout, TimeSpan.FromMilliseconds(100));
        Range(nameof(options.MaxResponseTime), options.MaxResponseTime, TimeSpan.FromTicks(1));
        Range(nameof(options.MaxSilence), options.MaxSilence, TimeSpan.FromMilliseconds(100));
        Number(nameof(options.MaxBacklog), options.MaxBacklog, 1);
        Number(nameof(options.MaxDeadLetters), options.MaxDeadLetters, 0);
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void Range(string property, TimeSpan? value, TimeSpan least)
        {
            if (value < least || value > s_longest)
            {
                failures.Add(StateStrings.HealthOptionOutOfRange(property, pathOf(ConfigurationKeys.Health + property), $"{value}", $"{least}", $"{s_longest}"));
            }
        }

        void Number(string property, int? value, int least)
        {
            if (value < least || value > 1_000_000)
            {
                failures.Add(StateStrings.HealthOptionOutOfRange(property, pathOf(ConfigurationKeys.Health + property), $"{value}", $"{least}", "1000000"));
            }
        }
    }
}
