using FraiseQL.EfCore.State.Cache;

namespace FraiseQL.EfCore.State.Setup;

/// <summary>A call that registered a shared level.</summary>
/// <param name="Backend">What it is.</param>
/// <param name="Call">The call, for messages: <c>AddRedis</c>.</param>
/// <param name="Create">Makes its server.</param>
internal sealed record SharedLevelRegistration(L2Backend Backend, string Call, Func<IServiceProvider, L2Options, SharedServer> Create)
{
    /// <summary>
    /// Why an address of <c>Cache:L2:Url</c> cannot be used, without a part of it, or <see langword="null"/> when it can. Where there is no such function, the
    /// call has an address of its own, or needs none.
    /// </summary>
    public Func<string, string?>? CheckUrl { get; init; }
}
