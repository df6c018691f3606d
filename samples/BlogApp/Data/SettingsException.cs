namespace BlogApp.Data;

/// <summary>A setting is missing or wrong; the message says which, and what to do.</summary>
internal sealed class SettingsException(string message) : Exception(message);
