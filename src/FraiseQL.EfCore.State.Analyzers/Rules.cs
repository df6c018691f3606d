using Microsoft.CodeAnalysis;

namespace FraiseQL.EfCore.State.Analyzers;

/// <summary>What is reported. A number is never given to another rule; each has a page in docs/rules.</summary>
internal static class Rules
{
    private const string Category = "FraiseQL.State";
    private const string Pages = "https://github.com/fraiseql/FraiseQL.EfCore.State/blob/main/docs/rules/";

    public static readonly DiagnosticDescriptor Materialized = new(
        "FQS001", "A list is marked as cacheable",
        "This is a list that was read already, so '{0}' has no effect; mark the query before it is executed",
        Category, DiagnosticSeverity.Warning, isEnabledByDefault: true, helpLinkUri: Pages + "FQS001.md");

    public static readonly DiagnosticDescriptor Ignored = new(
        "FQS002", "The marked query is thrown away",
        "'{0}' returns the marked query and leaves this one as it is; use what it returns",
        Category, DiagnosticSeverity.Warning, isEnabledByDefault: true, helpLinkUri: Pages + "FQS002.md");

    public static readonly DiagnosticDescriptor InTransaction = new(
        "FQS003", "A cacheable query is executed inside a transaction",
        "Inside a transaction the database is always asked, so '{0}' has no effect here; execute the query before the transaction, or take the mark out",
        Category, DiagnosticSeverity.Warning, isEnabledByDefault: true, helpLinkUri: Pages + "FQS003.md");

    public static readonly DiagnosticDescriptor OpaqueSql = new(
        "FQS004", "Cacheable SQL does not say what it reads",
        "What '{0}' reads cannot be known, so the result is not cached (opaque-source); name it with DependsOn<TEntity>() or Tags(…)",
        Category, DiagnosticSeverity.Warning, isEnabledByDefault: true, helpLinkUri: Pages + "FQS004.md");

    public static readonly DiagnosticDescriptor NewEachTime = new(
        "FQS005", "A cacheable query contains a value that is new each time",
        "'{0}' is another value each time, so this query is {1}; compute a rounded value in a local variable before it",
        Category, DiagnosticSeverity.Warning, isEnabledByDefault: true, helpLinkUri: Pages + "FQS005.md");

    public static readonly DiagnosticDescriptor TimeToLive = new(
        "FQS006", "A time to live is not between zero and 365 days",
        "'{0}' throws here: a time must be more than zero and at most 365 days",
        Category, DiagnosticSeverity.Warning, isEnabledByDefault: true, helpLinkUri: Pages + "FQS006.md");

    public static readonly DiagnosticDescriptor HandlerToken = new(
        "FQS007", "A handler does not pass its cancellation token on",
        "'{0}' takes a cancellation token, and is not given that of the handler: the host waits for it when it stops, and another node when it takes over",
        Category, DiagnosticSeverity.Warning, isEnabledByDefault: true, helpLinkUri: Pages + "FQS007.md");

    public static readonly DiagnosticDescriptor Write = new(
        "FQS008", "A write is marked as cacheable",
        "'{0}' writes and has no result to cache; take '{1}' out",
        Category, DiagnosticSeverity.Warning, isEnabledByDefault: true, helpLinkUri: Pages + "FQS008.md");

    public static readonly DiagnosticDescriptor Nested = new(
        "FQS009", "A mark stands inside a subquery",
        "'{0}' inside a subquery throws when the query is executed; move it to the end of the outer query, whose result is what is cached",
        Category, DiagnosticSeverity.Warning, isEnabledByDefault: true, helpLinkUri: Pages + "FQS009.md");
}
