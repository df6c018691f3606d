using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace FraiseQL.EfCore.State.Migrations;

/// <summary>Adds the event log, capture functions and triggers to the SQL of migrations, scripts, bundles and EnsureCreated.</summary>
internal sealed class CaptureMigrationsSqlGenerator(IMigrationsSqlGenerator inner) : IMigrationsSqlGenerator
{
    public IReadOnlyList<MigrationCommand> Generate(
        IReadOnlyList<MigrationOperation> operations, IModel? model = null, MigrationsSqlGenerationOptions options = MigrationsSqlGenerationOptions.Default)
        => inner.Generate(CaptureOperations.AddCapture(operations), model, options);
}
