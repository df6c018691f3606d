using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Xml.Linq;

namespace FraiseQL.EfCore.State.MigrationsTests.Ef;

/// <summary>A user's project in a temporary folder: it references the library as the tests do, and dotnet-ef works on it.</summary>
internal sealed class EfProject : IDisposable
{
    private readonly string _database;
    private readonly string _repository;

    private EfProject(string database, string repository)
    {
        _database = database;
        _repository = repository;
        Folder = Directory.CreateTempSubdirectory("fraiseql-ef-").FullName;
    }

    public string Folder { get; }

    public static async Task<EfProject> CreateAsync(string database, [CallerFilePath] string caller = "")
    {
        var repository = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(caller)!, "../../.."));
        var project = new EfProject(database, repository);
        var library = XDocument.Load(Path.Combine(repository, "src/FraiseQL.EfCore.State/FraiseQL.EfCore.State.csproj"));
        var packages = library.Descendants("PackageReference").Select(p => p.Attribute("Include")!.Value).Append("Microsoft.EntityFrameworkCore.Design");
        project.Write("Blog.csproj",
            $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                <Reference Include="{typeof(FraiseQLStateOptions).Assembly.Location}" />
            {string.Join('\n', packages.Select(p => $"    <PackageReference Include=\"{p}\" />"))}
              </ItemGroup>
            </Project>
            """);
        project.Write("Directory.Packages.props", $"<Project><Import Project=\"{repository}/Directory.Packages.props\" /></Project>");
        project.Write("Directory.Build.props", "<Project />");
        project.CopyTemplate("Program.cs", "Program.cs");
        await project.RunAsync(repository, "dotnet", "tool", "restore");
        return project;
    }

    public void UseModel(string name) => CopyTemplate(name + ".cs", "Model.cs");

    public void Write(string file, string text) => File.WriteAllText(Path.Combine(Folder, file), text);

    public string Read(string file) => File.ReadAllText(Path.Combine(Folder, file));

    /// <summary>The source of a migration, without the date in its name.</summary>
    public string ReadMigration(string name) => File.ReadAllText(Directory.GetFiles(Path.Combine(Folder, "Migrations"), $"*_{name}.cs").Single());

    public void DeleteMigration(string name)
    {
        foreach (var file in Directory.GetFiles(Path.Combine(Folder, "Migrations"), $"*_{name}.*"))
        {
            File.Delete(file);
        }
    }

    public Task BuildAsync() => RunAsync(Folder, "dotnet", "build", "-v", "quiet");

    public Task<string> EfAsync(params string[] arguments) => RunAsync(_repository, "dotnet", ["ef", .. arguments, "--no-build", "--project", Folder]);

    /// <summary>Migrates to a migration by the last built program, as an application does at its start.</summary>
    public Task MigrateAsync(string target, string? database = null)
        => RunAsync(Folder, "dotnet", ["bin/Debug/net10.0/Blog.dll", "migrate", target], database);

    /// <summary>Runs a program that was made of the project.</summary>
    public Task RunAsync(string program, string database) => RunAsync(Folder, program, ["--connection", database], database);

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private void CopyTemplate(string from, string to)
        => File.Copy(Path.Combine(_repository, "tests/FraiseQL.EfCore.State.MigrationsTests/TemplateProject", from), Path.Combine(Folder, to), overwrite: true);

    private Task<string> RunAsync(string folder, string program, params string[] arguments) => RunAsync(folder, program, arguments, database: null);

    private async Task<string> RunAsync(string folder, string program, string[] arguments, string? database)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["BLOG_DATABASE"] = database ?? _database;
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name); // of the test run's own build
        }

        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync() + await error;
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{output}");
        return output;
    }
}
