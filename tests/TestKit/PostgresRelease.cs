namespace FraiseQL.EfCore.TestKit;

/// <summary>Which PostgreSQL a test runs on.</summary>
public enum PostgresRelease
{
    /// <summary>The one at hand: the server of FRAISEQL_TEST_PG, else a container, else the newest that is installed.</summary>
    AtHand,

    /// <summary>Version 18: the server of FRAISEQL_TEST_PG18, else a container, else installed, else what eng/lib/postgres18.sh has fetched.</summary>
    Eighteen,
}
