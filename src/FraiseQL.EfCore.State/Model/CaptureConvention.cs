using FraiseQL.EfCore.State.Setup;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Metadata.Conventions;
using Microsoft.EntityFrameworkCore.Metadata.Conventions.Infrastructure;

namespace FraiseQL.EfCore.State.Model;

/// <summary>
/// Keeps, in annotations of ours, the version of the templates and the two facts that capture needs and EF's runtime model forgets, and refuses to hide what events cannot be without.
/// </summary>
internal sealed class CaptureConvention(bool withoutTriggers) : IModelFinalizingConvention
{
    public void ProcessModelFinalizing(IConventionModelBuilder modelBuilder, IConventionContext<IConventionModelBuilder> context)
    {
        modelBuilder.HasAnnotation(StateAnnotations.TemplateVersion, CaptureModel.CurrentVersion);
        if (withoutTriggers)
        {
            modelBuilder.HasAnnotation(StateAnnotations.WithoutTriggers, true);
        }

        foreach (var entityType in modelBuilder.Metadata.GetEntityTypes())
        {
            if (entityType.GetTableName() is not null && entityType.IsTableExcludedFromMigrations())
            {
                entityType.Builder.HasAnnotation(StateAnnotations.NotMigrated, true);
            }

            foreach (var property in entityType.GetDeclaredProperties())
            {
                if (HasCollation(property))
                {
                    property.Builder.HasAnnotation(StateAnnotations.InexactEquality, true);
                }

                if ((Is(property, StateAnnotations.Exclude) || Is(property, StateAnnotations.Redact))
                    && (property.IsKey() || property.IsForeignKey() || Is(property, StateAnnotations.Dependency)))
                {
                    throw new InvalidOperationException(StateStrings.CannotHide(entityType.DisplayName(), property.Name));
                }
            }
        }
    }

    private static bool Is(IReadOnlyProperty property, string annotation) => property.FindAnnotation(annotation)?.Value is true;

    public static bool HasCollation(IReadOnlyProperty property)
        => property.GetCollation() is not null
            // Npgsql's (obsolete) default collation of all text columns of the model.
            || (property.ClrType == typeof(string) && property.DeclaringType.Model.FindAnnotation("Npgsql:DefaultColumnCollation")?.Value is string);
}

/// <summary>Adds <see cref="CaptureConvention"/> to the conventions of the provider.</summary>
internal sealed class CaptureConventionPlugin(ICurrentDbContext context, IDbContextOptions options) : IConventionSetPlugin
{
    public ConventionSet ModifyConventions(ConventionSet conventionSet)
    {
        conventionSet.ModelFinalizingConventions.Add(
            new CaptureConvention(!StateRuntime.Find(context.Context.GetType(), options).Options.Cdc.Triggers));
        return conventionSet;
    }
}
