namespace FraiseQL.EfCore.State.Tests.Repository;

/// <summary>The checked-out files, for tests of texts and of the shape of the code.</summary>
internal static class RepositoryFiles
{
    public static string Root => TestKit.Repository.Root;

    /// <summary>Files below a folder, without what builds produce, as paths relative to the root.</summary>
    public static IEnumerable<string> Below(string folder, string pattern)
        => !Directory.Exists(Path.Combine(Root, folder)) ? [] : Directory
            .EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
            .Where(file => !file.Split('/').Any(part => part is "bin" or "obj" or "artifacts"))
            .Order(StringComparer.Ordinal);

    public static string Read(string file) => TestKit.Repository.Read(file);
}
