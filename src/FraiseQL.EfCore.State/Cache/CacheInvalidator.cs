using System.Text.Json;
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
    private FreshnessLedger? _ledger;
    private CaptureModel? _model;
    private CatalogHolder? _catalog;

    public void CoverageStarted(PgSnapshot from)
    {
        Learn();
        _ledger!.CoverageStarted(from);
    }

    public long PollStarting() => _ledger?.PollStarting() ?? 0;

    public void Changed(IReadOnlyList<ChangeRecord> changes)
    {
        using var activity = StateActivities.Invalidating("listener", changes.Count);
        foreach (var change in changes)
        {
            Apply(change);
        }

        StateMetrics.Invalidated("listener", changes.Count);
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
    }

    private void Apply(ChangeRecord change)
    {
        var ledger = _ledger!;
        ledger.BumpLogged(CellHash.Rows(change.Relation), change.TransactionId);

        // A table of another model in the same database: nobody here depends on its values.
        if (_model!.Find(change.Relation) is not { } table)
        {
            return;
        }

        if (change.Kind == ChangeKind.Truncated)
        {
            ledger.BumpLogged(CellHash.Whole(change.Relation), change.TransactionId);
            return;
        }

        if (!Bump(table, change.Before, change.TransactionId) | !Bump(table, change.After, change.TransactionId)
            || (change.Before is null && change.After is null))
        {
            // The trigger is older than the model and does not tell all that queries depend on.
            ledger.BumpLogged(CellHash.Whole(change.Relation), change.TransactionId);
        }
    }

    /// <summary>Bumps a cell for each dependency column of an image; answers whether the image had them all.</summary>
    private bool Bump(CapturedTable table, string? image, ulong transaction)
    {
        if (image is null)
        {
            return true;
        }

        try
        {
            using var document = JsonDocument.Parse(image);
            var complete = true;
            foreach (var column in table.DependencyColumns)
            {
                if (!document.RootElement.TryGetProperty(column.Name, out var value))
                {
                    complete = false;
                }
                else if (value.ValueKind != JsonValueKind.Null)
                {
                    var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
                    _ledger!.BumpLogged(CellHash.Value(table.Relation, column.Name, text), transaction);
                }
            }

            return complete;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
