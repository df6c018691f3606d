namespace FraiseQL.EfCore.TestKit;

/// <summary>Nobody listens to metrics and activities while a test of this class runs. Its collection must not run beside others.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class UnobservedAttribute : Attribute;
