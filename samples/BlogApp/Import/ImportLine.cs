using BlogApp.Posts;

namespace BlogApp.Import;

/// <summary>One line of an import file: a checked post, or what is wrong with it.</summary>
/// <param name="Number">The line's number, from 1.</param>
/// <param name="End">How many bytes of the file have been read with it.</param>
/// <param name="Post">The post, if the line is good.</param>
/// <param name="Problem">What is wrong, if it is not.</param>
internal sealed record ImportLine(long Number, long End, CheckedPost? Post, string? Problem);
