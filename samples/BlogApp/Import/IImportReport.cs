using BlogApp.Posts;

namespace BlogApp.Import;

/// <summary>Where an import says how it goes.</summary>
internal interface IImportReport
{
    void Progress(ImportLine last, WriteCounts written, int badLines);

    void BadLine(long number, string problem);
}
