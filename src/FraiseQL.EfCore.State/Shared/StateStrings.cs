namespace FraiseQL.EfCore.State;

/// <summary>Every message that a user can meet, in one place, each naming what is wrong and what to do.</summary>
internal static partial class StateStrings
{
    public const string NoProvider =
        "UseFraiseQLState() needs PostgreSQL: call UseNpgsql(connectionString) on the same DbContextOptionsBuilder.";

    public static string OtherProvider(string? provider) =>
        $"UseFraiseQLState() works with PostgreSQL through Npgsql.EntityFrameworkCore.PostgreSQL, but this context uses {provider}. "
        + "Call UseNpgsql(connectionString) instead, or remove UseFraiseQLState() from this context.";
}
