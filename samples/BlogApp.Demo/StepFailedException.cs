namespace BlogApp.Demo;

/// <summary>A step did not show what it should.</summary>
internal sealed class StepFailedException(string message) : Exception(message);
