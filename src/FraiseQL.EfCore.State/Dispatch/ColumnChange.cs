using System.Text.Json;

namespace FraiseQL.EfCore.State;

/// <summary>What an update did to one column.</summary>
/// <remarks>Immutable and thread-safe.</remarks>
/// <param name="Old">
/// The value before, whose kind is <see cref="JsonValueKind.Null"/> for SQL's null; <see langword="null"/> when it is not captured: keys
/// and foreign keys always are.
/// </param>
/// <param name="New">The value after; <see langword="null"/> when it is not captured.</param>
public readonly record struct ColumnChange(JsonElement? Old, JsonElement? New);
