using FraiseQL.EfCore.State.Model;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;

namespace FraiseQL.EfCore.State.Migrations;

/// <summary>
/// Writes what is captured into the design-time relational model, one line a table. EF's own differ and code generator do the rest:
/// a changed line becomes an operation of the next migration.
/// </summary>
/// <remarks>
/// Also asked about the snapshot of the last migration, whose answer the model's is compared with. A snapshot without a version of the templates
/// was made before the library came: it captures nothing, or the next migration of an application that exists would be empty. Thread-safe.
/// </remarks>
internal sealed class CaptureAnnotationProvider(IRelationalAnnotationProvider inner) : IRelationalAnnotationProvider
{
    public IEnumerable<IAnnotation> For(IRelationalModel model, bool designTime)
        => designTime && CaptureModel.HasVersion(model.Model) && model.Tables.Any(table => Capture(table) is not null)
            ? inner.For(model, designTime).Append(new Annotation(StateAnnotations.EventLog, CaptureModel.VersionOf(model.Model)))
            : inner.For(model, designTime);

    public IEnumerable<IAnnotation> For(ITable table, bool designTime)
        => designTime && CaptureModel.HasVersion(table.Model.Model) && CaptureModel.TriggersOf(table.Model.Model) && Capture(table) is { } captured
            ? inner.For(table, designTime).Append(new Annotation(StateAnnotations.Capture, CaptureAnnotation.Text(captured)))
            : inner.For(table, designTime);

    public IEnumerable<IAnnotation> For(IColumn column, bool designTime) => inner.For(column, designTime);

    public IEnumerable<IAnnotation> For(IView view, bool designTime) => inner.For(view, designTime);

    public IEnumerable<IAnnotation> For(IViewColumn column, bool designTime) => inner.For(column, designTime);

    public IEnumerable<IAnnotation> For(ISqlQuery sqlQuery, bool designTime) => inner.For(sqlQuery, designTime);

    public IEnumerable<IAnnotation> For(ISqlQueryColumn column, bool designTime) => inner.For(column, designTime);

    public IEnumerable<IAnnotation> For(IStoreFunction function, bool designTime) => inner.For(function, designTime);

    public IEnumerable<IAnnotation> For(IStoreFunctionParameter parameter, bool designTime) => inner.For(parameter, designTime);

    public IEnumerable<IAnnotation> For(IFunctionColumn column, bool designTime) => inner.For(column, designTime);

    public IEnumerable<IAnnotation> For(IStoreStoredProcedure storedProcedure, bool designTime) => inner.For(storedProcedure, designTime);

    public IEnumerable<IAnnotation> For(IStoreStoredProcedureParameter parameter, bool designTime) => inner.For(parameter, designTime);

    public IEnumerable<IAnnotation> For(IStoreStoredProcedureResultColumn column, bool designTime) => inner.For(column, designTime);

    public IEnumerable<IAnnotation> For(IUniqueConstraint constraint, bool designTime) => inner.For(constraint, designTime);

    public IEnumerable<IAnnotation> For(ITableIndex index, bool designTime) => inner.For(index, designTime);

    public IEnumerable<IAnnotation> For(IForeignKeyConstraint foreignKey, bool designTime) => inner.For(foreignKey, designTime);

    public IEnumerable<IAnnotation> For(ISequence sequence, bool designTime) => inner.For(sequence, designTime);

    public IEnumerable<IAnnotation> For(ICheckConstraint checkConstraint, bool designTime) => inner.For(checkConstraint, designTime);

    public IEnumerable<IAnnotation> For(ITrigger trigger, bool designTime) => inner.For(trigger, designTime);

    private static CapturedTable? Capture(ITable table)
        => CapturedTableFactory.Create(table, CaptureModel.DefaultSchema(table.Model.Model));
}
