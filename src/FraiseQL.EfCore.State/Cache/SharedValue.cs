namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// An immutable object made from an entry's rows, which lives and ends with the entry. What it is a function of beside the rows is its owner's to know.
/// </summary>
/// <param name="Owner">Whose it is; compared with <see cref="object.Equals(object?)"/>.</param>
/// <param name="Value">The object, never changed by anybody.</param>
/// <param name="Next">What else is made from the same rows.</param>
internal sealed record SharedValue(object Owner, object Value, SharedValue? Next);
