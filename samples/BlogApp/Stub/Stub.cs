namespace FraiseQL.EfCore.State { internal enum CacheOutcome { None, L1Hit, L2Hit, Miss, Bypass } }
namespace Microsoft.EntityFrameworkCore {
    internal static class Stub { public static FraiseQL.EfCore.State.CacheOutcome GetCacheOutcome(this Infrastructure.DatabaseFacade d) => FraiseQL.EfCore.State.CacheOutcome.Bypass; }
}
