using System.Globalization;
using static BlogApp.Demo.Steps;

namespace BlogApp.Demo;

/// <summary>The main job, step by step: cached reads, writes by anybody, fresh reads everywhere, whatever breaks.</summary>
internal sealed class Script(Stage stage, CancellationToken cancellationToken)
{
    /// <summary>A step fails when a node is still stale after this long. What was measured is printed; it is milliseconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly TimeProvider _time = TimeProvider.System;
    private int _post, _author, _otherAuthor, _edits;

    public static async Task<bool> PlayAsync(Stage stage, CancellationToken cancellationToken)
    {
        var script = new Script(stage, cancellationToken);
        var steps = new Steps(script._time);
        await script.ChooseAsync();
        await script.RehearseAsync();
        await steps.RunAsync("A reads a post twice: from the database, then from its own memory", script.MissThenL1Async);
        await steps.RunAsync("B reads the same post: from Redis, where A left it", script.L2OnBAsync);
        await steps.RunAsync("An edit through A is fresh at once on A, and soon on B", () => script.EditThroughAsync(stage.A, stage.B));
        await steps.RunAsync("The list of another author stayed cached on both nodes, that of this author did not", script.OtherListStaysAsync);
        await steps.RunAsync("An edit with psql is fresh on both nodes", script.EditByPsqlAsync);
        await steps.RunAsync("Listener connections killed, an edit meanwhile: fresh after catch-up", script.KillListenersAsync);
        await steps.RunAsync("Redis stopped: reads and writes go on", script.WithoutRedisAsync);
        await steps.RunAsync("Redis back, empty: writes are fresh, and B finds again what A left there", script.RedisBackAsync);
        await steps.RunAsync("B killed with SIGKILL, edits meanwhile, B restarted: nothing stale", script.KillNodeAsync);
        await steps.RunAsync("Every post, on both nodes, is what the database says", script.CompareAllAsync);
        if (!steps.AllPassed)
        {
            foreach (var node in stage.Nodes)
            {
                Console.WriteLine($"\nThe end of {node.Name}'s log:\n{node.Log()}");
            }
        }

        Console.WriteLine(steps.AllPassed ? "demo: all steps passed" : "demo: FAILED");
        return steps.AllPassed;
    }

    /// <summary>Picks the author with the most posts, one of the posts, and another author.</summary>
    private async Task ChooseAsync()
    {
        var authors = (await stage.Psql.RunAsync(
            "SELECT author_id FROM posts GROUP BY author_id ORDER BY count(*) DESC, author_id LIMIT 3", cancellationToken)).Split('\n');
        if (authors.Length < 3)
        {
            throw new InvalidOperationException("The demo needs posts of three authors at least.");
        }

        (_author, _otherAuthor) = (int.Parse(authors[0], CultureInfo.InvariantCulture), int.Parse(authors[1], CultureInfo.InvariantCulture));

        // The newest of the author, so that it is on the first page of the author's list.
        _post = int.Parse(
            await stage.Psql.RunAsync(
                $"SELECT id FROM posts WHERE author_id = {_author} ORDER BY published_on DESC, id DESC LIMIT 1", cancellationToken),
            CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// Sends every kind of request once, for another post: the first one of a process spends its time on compiling, and the figures
    /// below are to be those of the cache.
    /// </summary>
    private async Task RehearseAsync()
    {
        var id = int.Parse(
            await stage.Psql.RunAsync($"SELECT max(id) FROM posts WHERE author_id NOT IN ({_author}, {_otherAuthor})", cancellationToken),
            CultureInfo.InvariantCulture);
        foreach (var node in stage.Nodes)
        {
            var post = await node.GetAsync($"posts/{id}", cancellationToken);
            await node.GetAsync($"authors/{post.Body!.Value.GetProperty("authorId")}/posts", cancellationToken);
            await node.RetitleAsync(id, NewTitle(), cancellationToken);
        }
    }

    private async Task<string> MissThenL1Async()
    {
        var first = await stage.A.GetAsync($"posts/{_post}", cancellationToken);
        var second = await stage.A.GetAsync($"posts/{_post}", cancellationToken);
        var third = await stage.A.GetAsync($"posts/{_post}", cancellationToken);
        Expect(first.Cache == "miss" && second.Cache == "l1" && third.Cache == "l1", $"A answered {first}, {second}, {third}.");
        return $"A: {first}, then {second}, then {third}";
    }

    private async Task<string> L2OnBAsync()
    {
        var first = await stage.B.GetAsync($"posts/{_post}", cancellationToken);
        var second = await stage.B.GetAsync($"posts/{_post}", cancellationToken);
        Expect(first.Cache == "l2" && second.Cache == "l1", $"B answered {first}, then {second}.");
        return $"B: {first}, then {second}";
    }

    private async Task<string> EditThroughAsync(Node writer, Node other)
    {
        await WarmAsync();
        var title = NewTitle();
        var edit = await writer.RetitleAsync(_post, title, cancellationToken);
        var committed = _time.GetTimestamp();
        var onOther = FreshAsync(other, title, committed);
        var own = await writer.GetAsync($"posts/{_post}", cancellationToken);
        var seen = await onOther;
        Expect(own.Title == title, $"{writer.Name} still shows the old title after its own write.");
        return string.Create(
            CultureInfo.InvariantCulture, $"saved in {edit.ServerMs:0.0} ms; {writer.Name}: fresh on the first read ({own}); {seen}");
    }

    private async Task<string> OtherListStaysAsync()
    {
        var seen = new List<string>();
        foreach (var node in stage.Nodes)
        {
            var other = await node.GetAsync($"authors/{_otherAuthor}/posts", cancellationToken);
            Expect(other.Cache == "l1", $"The other author's list on {node.Name} is {other}, not a hit.");
            var own = await node.GetAsync($"authors/{_author}/posts", cancellationToken);
            var title = (await node.GetAsync($"posts/{_post}", cancellationToken)).Title;
            Expect(own.Cache != "l1" && own.Titles.Contains(title), $"The author's own list on {node.Name} is {own} and may be stale.");
            seen.Add($"{node.Name}: other list {other}, own list {own}");
        }

        return string.Join("; ", seen);
    }

    private async Task<string> EditByPsqlAsync()
    {
        await WarmAsync();
        var title = NewTitle();
        await stage.Psql.RunAsync($"UPDATE posts SET title = '{title}' WHERE id = {_post}", cancellationToken);
        return await FreshOnBothAsync(title, _time.GetTimestamp());
    }

    private async Task<string> KillListenersAsync()
    {
        await WarmAsync();
        var title = NewTitle();
        // One script: the edit is committed while no node can hear of it.
        var killed = await stage.Psql.RunAsync(
            $"""
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name LIKE '%listener%';
            UPDATE posts SET title = '{title}' WHERE id = {_post};
            """,
            cancellationToken);
        Expect(killed == "2", $"{killed} listener connections were found, not one of each node.");
        return $"{killed} connections killed; {await FreshOnBothAsync(title, _time.GetTimestamp())}";
    }

    private async Task<string> WithoutRedisAsync()
    {
        await WarmAsync();
        await stage.Redis.StopAsync();
        var hit = await stage.A.GetAsync($"posts/{_post}", cancellationToken);
        var edit = await EditThroughAsync(stage.A, stage.B);
        var miss = await stage.B.GetAsync($"authors/{_author}/posts?page=2", cancellationToken);
        return $"A reads on ({hit}); {edit}; B reads a page it never had ({miss})";
    }

    private async Task<string> RedisBackAsync()
    {
        await stage.Redis.StartAsync();
        var edit = await EditThroughAsync(stage.B, stage.A);

        // Each node finds out by itself that Redis is back; until then it reads the database.
        var started = _time.GetTimestamp();
        for (var page = 1; ; page = (page % 10) + 1)
        {
            await stage.A.RetitleAsync(_post, NewTitle(), cancellationToken);
            await stage.A.GetAsync($"posts?page={page}", cancellationToken);
            var onB = await stage.B.GetAsync($"posts?page={page}", cancellationToken);
            if (onB.Cache == "l2")
            {
                return string.Create(
                    CultureInfo.InvariantCulture, $"{edit}; first l2 hit on B {_time.GetElapsedTime(started).TotalMilliseconds:0} ms later ({onB})");
            }

            Expect(_time.GetElapsedTime(started) < Patience, "B found nothing in Redis after it came back.");
            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
        }
    }

    private async Task<string> KillNodeAsync()
    {
        await WarmAsync();
        await stage.B.KillAsync();
        await stage.A.RetitleAsync(_post, NewTitle(), cancellationToken);
        var title = NewTitle();
        await stage.Psql.RunAsync($"UPDATE posts SET title = '{title}' WHERE id = {_post}", cancellationToken);
        var started = _time.GetTimestamp();
        await stage.B.StartAsync(cancellationToken);
        var up = _time.GetElapsedTime(started);
        var first = await stage.B.GetAsync($"posts/{_post}", cancellationToken);
        Expect(first.Title == title, "The restarted B served a title from before its death.");
        var feed = await stage.B.GetAsync($"authors/{_author}/posts", cancellationToken);
        Expect(feed.Titles.Contains(title), "The restarted B served a list from before its death.");
        var hit = await UntilL1Async(stage.B, $"posts/{_post}");
        return string.Create(CultureInfo.InvariantCulture, $"B up after {up.TotalMilliseconds:0} ms") + $"; first read fresh ({first}); list fresh ({feed}); hits again ({hit})";
    }

    private async Task<string> CompareAllAsync()
    {
        // A line break within a title is refused by BlogApp, so a line is a row.
        var rows = (await stage.Psql.RunAsync("SELECT id || ' ' || title FROM posts ORDER BY id", cancellationToken)).Split('\n');
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            var id = row[..row.IndexOf(' ', StringComparison.Ordinal)];
            foreach (var node in stage.Nodes)
            {
                var answer = await node.GetAsync($"posts/{id}", cancellationToken);
                Expect(answer.Title == row[(id.Length + 1)..], $"{node.Name} shows another title for post {id} than the database has.");
                counts[answer.Cache] = counts.GetValueOrDefault(answer.Cache) + 1;
            }
        }

        return $"{rows.Length} posts on two nodes, 0 stale ({string.Join(", ", counts.Select(c => $"{c.Value} {c.Key}"))})";
    }

    /// <summary>Reads everything that the next step looks at, until both nodes have it in their memory: only then is freshness worth showing.</summary>
    private async Task WarmAsync()
    {
        foreach (var node in stage.Nodes)
        {
            foreach (var path in (string[])[$"posts/{_post}", $"authors/{_author}/posts", $"authors/{_otherAuthor}/posts"])
            {
                await UntilL1Async(node, path);
            }
        }
    }

    private async Task<Answer> UntilL1Async(Node node, string path)
    {
        var started = _time.GetTimestamp();
        while (true)
        {
            var answer = await node.GetAsync(path, cancellationToken);
            if (answer.Cache == "l1")
            {
                return answer;
            }

            Expect(_time.GetElapsedTime(started) < Patience, $"{node.Name} does not cache {path}: {answer}.");
            await Task.Delay(TimeSpan.FromMilliseconds(10), cancellationToken);
        }
    }

    private async Task<string> FreshOnBothAsync(string title, long committed)
    {
        var both = await Task.WhenAll(stage.Nodes.Select(node => FreshAsync(node, title, committed)));
        return string.Join("; ", both);
    }

    /// <summary>Asks a node over and over until it shows the new title, and says how long after the commit that was.</summary>
    private async Task<string> FreshAsync(Node node, string title, long committed)
    {
        for (var reads = 1; ; reads++)
        {
            var answer = await node.GetAsync($"posts/{_post}", cancellationToken);
            var elapsed = _time.GetElapsedTime(committed);
            if (answer.Title == title)
            {
                return string.Create(
                    CultureInfo.InvariantCulture, $"{node.Name}: fresh {elapsed.TotalMilliseconds:0.0} ms after the commit (read {reads}, {answer.Cache})");
            }

            Expect(elapsed < Patience, $"{node.Name} is still stale {elapsed.TotalSeconds:0} s after the commit.");
        }
    }

    private string NewTitle() => $"Edited by the demo, {++_edits}";
}
