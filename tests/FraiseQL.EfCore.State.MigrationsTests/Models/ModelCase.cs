using Microsoft.EntityFrameworkCore;

namespace FraiseQL.EfCore.State.MigrationsTests.Models;

/// <summary>Two models, and what writes to the tables of the second are logged as.</summary>
/// <param name="Before">The model of the migration before.</param>
/// <param name="After">The model of the migration.</param>
/// <param name="Writes">SQL after the migration.</param>
/// <param name="Events">What it leaves in the log.</param>
internal sealed record ModelCase(Action<ModelBuilder> Before, Action<ModelBuilder> After, string Writes, string Events);
