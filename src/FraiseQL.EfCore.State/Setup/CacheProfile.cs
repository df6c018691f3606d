namespace FraiseQL.EfCore.State;

/// <summary>Names of the profiles that are always there. <c>Cache:Profiles</c> alters them and adds others.</summary>
public static class CacheProfile
{
    /// <summary>Data that hardly changes: 1 hour; a miss should take less than 1 second.</summary>
    public const string Static = "Static";

    /// <summary>Data of one user: 5 minutes, a result for each user; a miss should take less than 100 ms.</summary>
    public const string UserSpecific = "UserSpecific";

    /// <summary>Data that changes all the time: 10 seconds; a miss should take less than 100 ms.</summary>
    public const string RealTime = "RealTime";

    /// <summary>A feed made for one user: 30 seconds, a result for each user; a miss should take less than 500 ms.</summary>
    public const string Personalized = "Personalized";
}
