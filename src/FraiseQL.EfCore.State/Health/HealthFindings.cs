using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FraiseQL.EfCore.State.Health;

/// <summary>How a check says what it has found: the worst that is said counts. Never with an exception, whose text may hold an address or a value.</summary>
internal sealed class HealthFindings(HealthCheckContext context)
{
    private readonly Dictionary<string, object> _data = new(StringComparer.Ordinal);
    private readonly List<string> _problems = [];
    private HealthStatus _status = HealthStatus.Healthy;

    public object this[string figure]
    {
        set => _data[figure] = value;
    }

    public void Fails(string problem) => Says(context.Registration.FailureStatus, problem);

    /// <summary>What is no failure, and a reason not to send requests yet.</summary>
    public void Holds(string problem) => Says(HealthStatus.Unhealthy, problem);

    /// <summary>What is worth a person's look, and says nothing about the node.</summary>
    public void Degrades(string problem) => Says(HealthStatus.Degraded, problem);

    public HealthCheckResult Result(string allIsWell)
        => new(_status, _problems.Count == 0 ? allIsWell : string.Join(' ', _problems), data: _data);

    private void Says(HealthStatus status, string problem)
    {
        _problems.Add(problem);
        _status = status < _status ? status : _status;
    }
}
