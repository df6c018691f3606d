#:property TargetFramework=net10.0
#:property PublishAot=false
#:property RestorePackagesWithLockFile=false

// Opens each package of a folder and checks what a user and a debugger need from it. Run by eng/pack-check.sh.
using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Xml.Linq;

var sourceLink = new Guid("CC110556-A091-4D38-9FEC-25AB9A351A6A");
var wrong = 0;
string? version = null;
var packages = Directory.GetFiles(args[0], "*.nupkg");
Check(packages.Length > 0, "there is no package");
foreach (var package in packages.Order(StringComparer.Ordinal))
{
    var name = Path.GetFileNameWithoutExtension(package);
    using var nupkg = ZipFile.OpenRead(package);
    var files = nupkg.Entries.Select(entry => entry.FullName).ToHashSet(StringComparer.Ordinal);
    var specification = XDocument.Load(nupkg.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open());
    string? Of(string element) => specification.Descendants().FirstOrDefault(node => node.Name.LocalName == element)?.Value;

    Check(Of("readme") == "README.md" && files.Contains("README.md"), $"{name}: no README.md");
    Check(Of("license") == "MIT", $"{name}: no licence");
    Check(!string.IsNullOrWhiteSpace(Of("description")) && Of("description") != "Package Description", $"{name}: no description");
    Check(!string.IsNullOrWhiteSpace(Of("tags")), $"{name}: no tags");

    version ??= Of("version");
    Check(Of("version") == version, $"{name}: version {Of("version")}, others have {version}");
    foreach (var own in specification.Descendants().Where(node => node.Name.LocalName == "dependency" && node.Attribute("id")!.Value.StartsWith("FraiseQL.", StringComparison.Ordinal)))
    {
        Check(own.Attribute("version")!.Value == version, $"{name}: needs {own.Attribute("id")!.Value} {own.Attribute("version")!.Value}");
    }

    // They run in the user's compiler: the core package has them, and nobody else, or each would be loaded twice.
    string[] analyzers = Of("id") == "FraiseQL.EfCore.State"
        ? ["analyzers/dotnet/cs/FraiseQL.EfCore.State.Analyzers.CodeFixes.dll", "analyzers/dotnet/cs/FraiseQL.EfCore.State.Analyzers.dll"] : [];
    Check(files.Where(file => file.StartsWith("analyzers/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).SequenceEqual(analyzers),
        $"{name}: its analyzers are not {(analyzers.Length == 0 ? "none" : string.Join(", ", analyzers))}");

    var assemblies = files.Where(file => file.StartsWith("lib/", StringComparison.Ordinal) && file.EndsWith(".dll", StringComparison.Ordinal)).ToArray();
    Check(assemblies is [_], $"{name}: {assemblies.Length} assemblies in lib, not one");
    var symbolsFile = Path.ChangeExtension(package, ".snupkg");
    Check(File.Exists(symbolsFile), $"{name}: no symbol package");
    if (assemblies.Length == 0 || !File.Exists(symbolsFile))
    {
        continue;
    }

    using var snupkg = ZipFile.OpenRead(symbolsFile);
    foreach (var assembly in assemblies)
    {
        var documentation = Path.ChangeExtension(assembly, ".xml");
        Check(files.Contains(documentation) && nupkg.GetEntry(documentation)!.Length > 1000, $"{name}: no XML documentation");

        using var image = new PEReader(Bytes(nupkg, assembly));
        Check(image.ReadDebugDirectory().Any(entry => entry.Type == DebugDirectoryEntryType.Reproducible), $"{name}: not deterministic");

        var pdb = Path.ChangeExtension(assembly, ".pdb");
        if (!Check(snupkg.GetEntry(pdb) is not null, $"{name}: no symbols for {assembly}"))
        {
            continue;
        }

        using var symbols = MetadataReaderProvider.FromPortablePdbStream(Bytes(snupkg, pdb));
        var reader = symbols.GetMetadataReader();
        var paths = reader.Documents.Select(handle => reader.GetString(reader.GetDocument(handle).Name)).ToArray();
        Check(paths.All(path => path.StartsWith("/_", StringComparison.Ordinal)), $"{name}: symbols name a folder of the machine that built them");
        var links = reader.CustomDebugInformation.Select(reader.GetCustomDebugInformation)
            .Where(information => reader.GetGuid(information.Kind) == sourceLink)
            .Select(information => Encoding.UTF8.GetString(reader.GetBlobBytes(information.Value))).ToArray();
        Check(links is [var link] && link.Contains("\"/_/*\"", StringComparison.Ordinal), $"{name}: no source link");
    }

    Console.WriteLine($"{name}: readme, licence, XML documentation, symbols, source link, deterministic");
}

return wrong == 0 ? 0 : 1;

bool Check(bool holds, string message)
{
    if (!holds)
    {
        Console.Error.WriteLine(message);
        wrong++;
    }

    return holds;
}

static MemoryStream Bytes(ZipArchive archive, string entry)
{
    var bytes = new MemoryStream();
    using (var stream = archive.GetEntry(entry)!.Open())
    {
        stream.CopyTo(bytes);
    }

    bytes.Position = 0;
    return bytes;
}
