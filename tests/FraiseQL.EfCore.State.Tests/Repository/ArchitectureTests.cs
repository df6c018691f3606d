using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.Tests.Repository;

public sealed class ArchitectureTests
{
    private const string Root = "FraiseQL.EfCore.State";
    private const int MaxLines = 400;

    private static readonly string[] PublicNamespaces = [Root, "Microsoft.EntityFrameworkCore", "Microsoft.Extensions.DependencyInjection"];

    public static TheoryData<string> Libraries => new(
        typeof(FraiseQLStateOptions).Assembly.GetName().Name!,
        typeof(FraiseQLStateOpenTelemetryExtensions).Assembly.GetName().Name!,
        typeof(FraiseQLStateRedisBuilderExtensions).Assembly.GetName().Name!,
        typeof(FraiseQLStateMemcachedBuilderExtensions).Assembly.GetName().Name!,
        typeof(FraiseQLStateEndpointRouteBuilderExtensions).Assembly.GetName().Name!);

    [Fact]
    public void No_file_is_longer_than_400_lines()
    {
        var folders = new[] { "src", "tests", "samples", "benchmarks" };
        var files = folders.SelectMany(folder => RepositoryFiles.Below(folder, "*.cs")).ToArray();
        Assert.NotEmpty(files);
        var generated = files.Where(file => file.StartsWith("samples/", StringComparison.Ordinal) && file.Contains("/Migrations/", StringComparison.Ordinal));
        Assert.All(files.Except(generated), file => Assert.True(
            RepositoryFiles.Read(file).AsSpan().Count('\n') <= MaxLines, $"{file} has more than {MaxLines} lines."));
    }

    [Fact]
    public void EFs_internal_API_is_used_in_one_file_which_is_behind_a_switch()
    {
        string[] files = [.. RepositoryFiles.Below("src", "*.cs"), .. RepositoryFiles.Below("src", "*.csproj"), .. RepositoryFiles.Below("src", "*.props")];
        Assert.Equal(
            "src/FraiseQL.EfCore.State/FrontEnd/FrontEndQueryCompiler.cs",
            Assert.Single(files, file => RepositoryFiles.Read(file).Contains("EF1001", StringComparison.Ordinal)));
        Assert.DoesNotContain("EF1001", RepositoryFiles.Read("Directory.Build.props"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Public_types_live_where_users_look(string library)
        => Assert.Empty(Types(library).Where(type => type.IsPublic && !PublicNamespaces.Contains(type.Namespace)).Select(type => type.FullName));

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Public_types_outside_the_root_namespace_are_extension_methods(string library)
        => Assert.Empty(Types(library).Where(type => type.IsPublic && type.Namespace != Root && !(type.IsAbstract && type.IsSealed)).Select(type => type.FullName));

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Internal_types_live_in_the_namespace_of_their_folder(string library)
    {
        var folders = Directory.GetDirectories(Path.Combine(RepositoryFiles.Root, "src", library)).Select(Path.GetFileName).ToArray();
        var allowed = library == Root ? folders.Select(folder => $"{Root}.{folder}").ToArray() : [library];
        Assert.Empty(Types(library)
            .Where(type => !type.IsPublic && type.Name != "StateStrings")
            .Where(type => !allowed.Contains(type.Namespace))
            .Select(type => type.FullName));
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Internal_classes_are_sealed(string library)
        => Assert.Empty(Types(library).Where(type => !type.IsPublic && type is { IsClass: true, IsSealed: false, IsAbstract: false }).Select(type => type.FullName));

    [Fact]
    public void Files_lie_in_the_folder_that_their_namespace_names()
    {
        var prefix = $"src/{Root}/";
        foreach (var file in RepositoryFiles.Below(prefix, "*.cs"))
        {
            var line = RepositoryFiles.Read(file).Split('\n').FirstOrDefault(line => line.StartsWith("namespace ", StringComparison.Ordinal));
            var name = line?["namespace ".Length..].TrimEnd(';', '\r', ' ');
            var folder = Path.GetDirectoryName(file[prefix.Length..])!.Replace('/', '.');
            Assert.True(
                name is null || PublicNamespaces.Contains(name) || name == $"{Root}.{folder}",
                $"{file} declares {name}; it lies in {folder}.");
        }
    }

    private static IEnumerable<Type> Types(string library)
        => Assembly.Load(library).GetTypes()
            .Where(type => !type.IsNested && !type.IsDefined(typeof(CompilerGeneratedAttribute)))
            .Where(type => !type.Name.Contains('<', StringComparison.Ordinal) && !type.Name.StartsWith("__", StringComparison.Ordinal))
            .Where(type => !type.IsDefined(typeof(System.CodeDom.Compiler.GeneratedCodeAttribute)))
            .Where(type => type.Namespace is null || !type.Namespace.EndsWith("SourceGeneration", StringComparison.Ordinal));
}
