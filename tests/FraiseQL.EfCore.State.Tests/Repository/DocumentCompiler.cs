using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace FraiseQL.EfCore.State.Tests.Repository;

/// <summary>Compiles the C# blocks of documents: statements, members of a class, or types, with a small blog and a host at hand.</summary>
internal static partial class DocumentCompiler
{
    private const string Usings = """
        using System;
        using System.Collections.Generic;
        using System.Linq;
        using System.Threading;
        using System.Threading.Tasks;
        using FraiseQL.EfCore.State;
        using Microsoft.AspNetCore.Builder;
        using Microsoft.AspNetCore.Http;
        using Microsoft.EntityFrameworkCore;
        using Microsoft.Extensions.Configuration;
        using Microsoft.Extensions.DependencyInjection;
        using Microsoft.Extensions.Hosting;
        using DocumentPrelude;

        """;

    private const string Prelude = Usings + """
        namespace DocumentPrelude
        {
            public class Author { public int Id { get; set; } public string Name { get; set; } = ""; public List<Post> Posts { get; } = []; }

            public class Comment { public int Id { get; set; } public int PostId { get; set; } public string Text { get; set; } = ""; }

            public class Post
            {
                public int Id { get; set; }
                public int AuthorId { get; set; }
                public Author? Author { get; set; }
                public string Title { get; set; } = "";
                public DateOnly PublishedOn { get; set; }
                public List<Comment> Comments { get; } = [];
            }

            public class BlogContext(DbContextOptions<BlogContext> options) : DbContext(options)
            {
                public DbSet<Author> Authors => Set<Author>();
                public DbSet<Post> Posts => Set<Post>();
                public DbSet<Comment> Comments => Set<Comment>();
            }
        }
        """;

    private static readonly CSharpParseOptions Options = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest);

    private static readonly MetadataReference[] References = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator)
        .Select(path => (MetadataReference)MetadataReference.CreateFromFile(path))
        .ToArray();

    private static readonly SyntaxTree PreludeTree = CSharpSyntaxTree.ParseText(Prelude, Options);

    /// <summary>The errors of the reading with the fewest; empty when the block compiles as statements, as members, as types or as a program.</summary>
    public static IReadOnlyList<string> Errors(string code) => [.. Best(code).Errors.Select(error => error.ToString())];

    /// <summary>The reading with the fewest errors.</summary>
    public static (CSharpCompilation Compilation, Diagnostic[] Errors) Best(string code)
    {
        var usings = string.Concat(UsingLine().Matches(code).Select(line => line.Value + "\n"));
        var body = UsingLine().Replace(code, "");
        return ((string[])[
            $$"""
            namespace Document
            {
                internal static class Block
                {
                    public static async Task RunAsync(BlogContext db, HostApplicationBuilder builder, WebApplication app, string connectionString, int authorId, int postId, CancellationToken cancellationToken)
                    {
                        await Task.Yield();
            {{body}}
                    }
                }
            }
            """,
            $"namespace Document\n{{\n    public class Block\n    {{\n{body}\n    }}\n}}",
            $"namespace Document\n{{\n{body}\n}}"])
            .Select(wrapped => Compile(Usings + usings + wrapped, OutputKind.DynamicallyLinkedLibrary))
            .Append(Compile(Usings + usings + body, OutputKind.ConsoleApplication))
            .MinBy(reading => reading.Errors.Length)!;
    }

    private static (CSharpCompilation Compilation, Diagnostic[] Errors) Compile(string source, OutputKind kind)
    {
        var compilation = CSharpCompilation.Create(
            "Document",
            [PreludeTree, CSharpSyntaxTree.ParseText(source, Options)],
            References,
            new CSharpCompilationOptions(kind, nullableContextOptions: NullableContextOptions.Enable));
        return (compilation, [.. compilation.GetDiagnostics().Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)]);
    }

    [GeneratedRegex(@"^using [\w.]+( = [\w.]+)?;$", RegexOptions.Multiline)]
    private static partial Regex UsingLine();
}
