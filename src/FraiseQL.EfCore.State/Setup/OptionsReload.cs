using FraiseQL.EfCore.State.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>
/// Lets changes of the section apply while the host runs, where that is harmless. What is wrong is refused as a whole, and everything stays as it was; what
/// cannot change while the host runs is told by name. Nothing leaves it: it is called back by whoever reloads the configuration.
/// </summary>
internal sealed class OptionsReload(StatePlan plan, StateRuntime runtime, IOptionsFactory<FraiseQLStateOptions> factory)
    : IHostedService, IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<IDisposable> _subscriptions = [];

    // A configuration of several sources tells the same change several times.
    private string? _refused;
    private string _fixedKeys = "";

    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var section in plan.Sections)
        {
            _subscriptions.Add(ChangeToken.OnChange(section.GetReloadToken, Reload));
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _subscriptions.ForEach(subscription => subscription.Dispose());
        _subscriptions.Clear();
    }

    private void Reload()
    {
        lock (_gate)
        {
            try
            {
                var (taken, fixedKeys) = Apply(factory.Create(plan.Name));
                if (taken.Count > 0)
                {
                    runtime.Logger.ConfigurationReloaded(plan.ContextType.Name, string.Join(", ", taken));
                }

                var names = string.Join(", ", fixedKeys);
                if (names.Length > 0 && names != _fixedKeys)
                {
                    runtime.Logger.ConfigurationNeedsRestart(plan.ContextType.Name, names);
                }

                if (taken.Count > 0 || names != _fixedKeys)
                {
                    plan.Changed();
                }

                _fixedKeys = names;
                _refused = null;
            }
            catch (Exception error) when (error is OptionsValidationException or InvalidOperationException)
            {
                Refuse(error.Message);
            }
#pragma warning disable CA1031 // An application's own configure callback may throw anything, and here would be nobody to catch it.
            catch (Exception error)
#pragma warning restore CA1031
            {
                Refuse(error.GetType().Name);
            }
        }
    }

    private void Refuse(string why)
    {
        if (why != _refused)
        {
            _refused = why;
            runtime.Logger.ConfigurationRefused(plan.ContextType.Name, why);
        }
    }

    private (List<string> Taken, List<string> Fixed) Apply(FraiseQLStateOptions next)
    {
        var current = runtime.Options;
        var merged = new FraiseQLStateOptions();
        var (taken, fixedKeys) = (new List<string>(), new List<string>());
        foreach (var key in ConfigurationKeys.Table)
        {
            var differs = !Equals(key.Get(current), key.Get(next));
            key.Copy(differs && key.IsLive ? next : current, merged);
            if (differs)
            {
                (key.IsLive ? taken : fixedKeys).Add(plan.PathOf(key.Path));
            }
        }

        merged.Cache.Profiles.Clear();
        foreach (var (name, profile) in next.Cache.Profiles)
        {
            merged.Cache.Profiles[name] = profile;
            if (!current.Cache.Profiles.TryGetValue(name, out var old) || old.ToOptions() != profile.ToOptions() || old.Reason != profile.Reason)
            {
                taken.Add(plan.PathOf($"Cache:Profiles:{name}"));
            }
        }

        taken.AddRange(current.Cache.Profiles.Keys.Where(name => !next.Cache.Profiles.ContainsKey(name)).Select(name => plan.PathOf($"Cache:Profiles:{name}")));

        // New values beside old ones that stay: together they may be impossible, although neither the old nor the new section is.
        if (new FraiseQLStateOptionsValidator(plan).Validate(plan.Name, merged) is { Failed: true } together)
        {
            throw new OptionsValidationException(plan.Name, typeof(FraiseQLStateOptions), together.Failures);
        }

        if (taken.Count > 0)
        {
            runtime.Follow(merged);
        }

        return (taken, fixedKeys);
    }
}
