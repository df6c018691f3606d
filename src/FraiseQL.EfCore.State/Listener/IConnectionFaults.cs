namespace FraiseQL.EfCore.State.Listener;

/// <summary>What a user's test lets happen to the connections beside the application's own. Implemented by the package for tests, and by nothing else.</summary>
internal interface IConnectionFaults
{
    /// <summary>Before a connection is opened; throws to refuse it.</summary>
    void Opening(string purpose);

    /// <summary>A connection was opened.</summary>
    /// <param name="purpose">What for.</param>
    /// <param name="processId">Its process on the server.</param>
    void Opened(string purpose, int processId);
}
