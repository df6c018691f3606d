using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FraiseQL.EfCore.State.Consistency;
using FraiseQL.EfCore.State.Diagnostics;
using FraiseQL.EfCore.State.EventLog;
using FraiseQL.EfCore.State.Keys;
using FraiseQL.EfCore.State.Listener;
using FraiseQL.EfCore.State.Model;
using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace FraiseQL.EfCore.State.Cache;

/// <summary>
/// The first consumer of the event log on every node: turns each change into bumps of the cells of its old and its new row.
/// Called by the listener, one thread at a time.
/// </summary>
internal sealed class CacheInvalidator(StateRuntime runtime, IServiceScopeFactory scopes, Type contextType) : IBroadcastConsumer
{
    private const int ShortImage = 512;
    private const int ShortValue = 128;

    private FreshnessLedger? _ledger;
    private CaptureModel? _model;
    private CatalogHolder? _catalog;

    public void CoverageStarted(PgSnapshot from)
    {
        Learn();
        _ledger!.CoverageStarted(from);
    }

    public void Follows(LogIdentity log)
    {
        Learn();
        _ledger!.TokenLog = TokenPart.LogOf(log);
        _ledger.Follows(Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes($"{log.Log}/{log.Timeline}/{log.Started}")).AsSpan(0, 9)));
    }

    // Memory is empty when coverage begins: only what other nodes have stored can be older.
    public bool WantsPast => runtime.Store.HasL2;

    public void PastStarting() => _ledger?.ReplayStarting();

    public void PastChanged(IReadOnlyList<ChangeRecord> changes, PgSnapshot seen)
    {
        foreach (var change in changes)
        {
            Apply(change);
        }

        _ledger!.Replayed(seen);
        Count("replay", changes);
        runtime.Statistics.Invalidated(changes.Count);
    }

    public void PastKnown(PgSnapshot from) => _ledger?.PastKnown(from);

    public long PollStarting() => _ledger?.PollStarting() ?? 0;

    public void Changed(IReadOnlyList<ChangeRecord> changes)
    {
        using var activity = StateActivities.Invalidating("listener", changes);
        foreach (var change in changes)
        {
            Apply(change);
        }

        Count("listener", changes);
        runtime.Statistics.Invalidated(changes.Count);
        runtime.Statistics.Received(changes.Count);
    }

    /// <summary>Mostly one entity after another: a page is counted in runs.</summary>
    private void Count(string source, IReadOnlyList<ChangeRecord> changes)
    {
        if (!StateMetrics.CountsInvalidations)
        {
            return;
        }

        for (int start = 0, end; start < changes.Count; start = end)
        {
            var relation = changes[start].Relation;
            for (end = start + 1; end < changes.Count && changes[end].Relation == relation; end++)
            {
            }

            // The log's own names may be anything; the model's are few.
            var entity = relation == InvalidationTargets.Relation ? "cache" : _model!.Find(relation)?.Entity ?? "other";
            StateMetrics.Invalidated(source, entity, end - start, runtime.ContextTag);
        }
    }

    public void CaughtUp(long poll, PgSnapshot position) => _ledger?.CaughtUp(poll, position);

    public void CaptureVerified(IReadOnlySet<string> relations)
    {
        Learn();
        _ledger!.CaptureVerified(relations);
    }

    public void CatalogRead(DatabaseCatalog catalog)
    {
        Learn();
        var before = _catalog!.Value;
        _catalog.Value = catalog;

        // A view that was defined anew gives other rows, and nobody captures that.
        if (before is not null && !before.HoldsIn(catalog))
        {
            _ledger!.DistrustAll();
        }
    }

    // Which database the context leads to, and its model: known to the context only.
    private void Learn()
    {
        if (_ledger is not null)
        {
            return;
        }

        using var scope = scopes.CreateScope();
        var context = (DbContext)scope.ServiceProvider.GetRequiredService(contextType);
        _model = CaptureModel.For(context.Model);
        var domain = DatabaseIdentity.Of(context.Database.GetConnectionString() ?? string.Empty).Domain;
        _catalog = runtime.CatalogOf(domain);
        _ledger = runtime.ListensTo(domain);
        var uncaptured = context.Model.GetRelationalModel().Tables.Where(t => _model.Find(t.Schema, t.Name) is null).Select(t => t.SchemaQualifiedName);
        if (string.Join(", ", uncaptured.Order(StringComparer.Ordinal)) is { Length: > 0 } tables)
        {
            Log.TablesNotCaptured(runtime.Logger, contextType.Name, tables);
        }
    }

    private void Apply(ChangeRecord change)
    {
        var ledger = _ledger!;
        var cause = new BumpCause(change.Relation, change.Kind, change.At);
        if (change.Relation == InvalidationTargets.Relation)
        {
            if (InvalidationTargets.CellsOf(change.Data) is { } cells)
            {
                ledger.InvalidateLogged(cells, change.TransactionId, cause);
            }
            else
            {
                ledger.DistrustAll();
            }

            return;
        }

        // A table of another model in the same database: nobody here depends on its values.
        if (_model!.Find(change.Relation) is not { } table)
        {
            ledger.BumpLogged(CellHash.Rows(change.Relation), change.TransactionId, ColumnMask.All, cause);
            return;
        }

        // Which columns a policy of row-level security reads is not known here.
        var columns = _catalog!.Value?.HasRowSecurity(change.Relation) == false ? table.ChangeMask(change.Columns) : ColumnMask.All;
        ledger.BumpLogged(CellHash.Rows(change.Relation), change.TransactionId, columns, cause);
        if (change.Kind == ChangeKind.Truncated)
        {
            ledger.BumpLogged(CellHash.Whole(change.Relation), change.TransactionId, columns, cause);
            return;
        }

        // What a query can depend on is mostly as it was.
        var after = change.Before == change.After ? null : change.After;
        if (!Bump(table, change.Before, change.TransactionId, columns, cause) | !Bump(table, after, change.TransactionId, columns, cause)
            || (change.Before is null && change.After is null))
        {
            // The trigger is older than the model and does not tell all that queries depend on.
            ledger.BumpLogged(CellHash.Whole(change.Relation), change.TransactionId, ColumnMask.All, cause);
        }
    }

    /// <summary>Bumps a cell for each dependency column of an image; answers whether the image had them all.</summary>
    private bool Bump(CapturedTable table, string? image, ulong transaction, ulong columns, in BumpCause cause)
    {
        if (image is null)
        {
            return true;
        }

        var longest = Encoding.UTF8.GetMaxByteCount(image.Length);
        var rented = longest > ShortImage ? ArrayPool<byte>.Shared.Rent(longest) : null;
        var buffer = rented ?? stackalloc byte[ShortImage];
        try
        {
            return Bump(table, buffer[..Encoding.UTF8.GetBytes(image, buffer)], transaction, columns, cause);
        }
        catch (JsonException)
        {
            return false;
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    private bool Bump(CapturedTable table, ReadOnlySpan<byte> json, ulong transaction, ulong columns, in BumpCause cause)
    {
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        Span<char> characters = stackalloc char[ShortValue];
        var found = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var column = ColumnAt(table, found, ref reader);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (column is null)
            {
                continue;
            }

            found++;
            if (reader.TokenType == JsonTokenType.Null)
            {
                _ledger!.BumpLogged(CellHash.Null(table.Relation, column), transaction, columns, cause);
            }
            else
            {
                var value = json[start..(int)reader.BytesConsumed];
                ReadOnlySpan<char> text = value.Length > ShortValue
                    ? (reader.TokenType == JsonTokenType.String ? reader.GetString() : Encoding.UTF8.GetString(value))
                    : characters[..(reader.TokenType == JsonTokenType.String ? reader.CopyString(characters) : Encoding.UTF8.GetChars(value, characters))];
                _ledger!.BumpLogged(CellHash.Value(table.Relation, column, text), transaction, columns, cause);
            }
        }

        return found == table.DependencyColumns.Count;
    }

    // The triggers write the columns in the model's order, so the first look mostly finds it.
    private static string? ColumnAt(CapturedTable table, int expected, ref Utf8JsonReader reader)
    {
        var columns = table.DependencyColumns;
        for (var i = 0; i < columns.Count; i++)
        {
            var name = columns[(expected + i) % columns.Count].Name;
            if (reader.ValueTextEquals(name))
            {
                return name;
            }
        }

        return null;
    }
}
