using Xunit.Abstractions;
using Xunit.Sdk;

namespace FraiseQL.EfCore.TestKit;

/// <summary>Names a row of <c>docs/features.md</c> that the test shows; <c>dotnet test --filter Feature=P-cacheable</c> runs its tests.</summary>
[TraitDiscoverer("FraiseQL.EfCore.TestKit.FeatureDiscoverer", "FraiseQL.EfCore.TestKit")]
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method, AllowMultiple = true)]
public sealed class FeatureAttribute(string id) : Attribute, ITraitAttribute
{
    public string Id { get; } = id;
}

/// <summary>Found by xunit through its name.</summary>
public sealed class FeatureDiscoverer : ITraitDiscoverer
{
    public IEnumerable<KeyValuePair<string, string>> GetTraits(IAttributeInfo traitAttribute)
        => [KeyValuePair.Create("Feature", (string)traitAttribute.GetConstructorArguments().Single())];
}
