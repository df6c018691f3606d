using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore.Storage;

namespace FraiseQL.EfCore.State.Query;

/// <summary>What is known after the synchronous part of an execution: no key means that the cache takes no part in it.</summary>
internal readonly record struct Lookup(CacheKey? Key, DatabaseState Database, EffectivePolicy Policy, RelationalDataReader? Reader);
