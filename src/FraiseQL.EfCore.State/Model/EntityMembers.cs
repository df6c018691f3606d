using System.Diagnostics.CodeAnalysis;

namespace FraiseQL.EfCore.State.Model;

/// <summary>What EF Core wants kept of an entity type when an application is trimmed: whoever hands it a type parameter must say the same.</summary>
internal static class EntityMembers
{
    public const DynamicallyAccessedMemberTypes OfEF =
        DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.NonPublicConstructors
        | DynamicallyAccessedMemberTypes.PublicProperties | DynamicallyAccessedMemberTypes.NonPublicProperties
        | DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.NonPublicFields
        | DynamicallyAccessedMemberTypes.Interfaces;
}
