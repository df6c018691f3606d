namespace FraiseQL.EfCore.State.Dispatch;

/// <summary>Another node runs the handlers now, or may: this one must stop. It never reaches the application.</summary>
internal sealed class LeaseLostException : Exception;
