using FraiseQL.EfCore.State.Dispatch;

namespace FraiseQL.EfCore.State.Subscriptions;

/// <summary>What waits for a reader of the feed.</summary>
/// <param name="Record">The change; <see langword="null"/> for a reset.</param>
/// <param name="Place">The place in the log after it; <see langword="null"/> for a reset that knows none.</param>
internal readonly record struct FeedEntry(EventRecord? Record, LogPlace? Place);
