using System.Reflection;
using Xunit.Sdk;

namespace FraiseQL.EfCore.TestKit;

/// <summary>
/// On an assembly of tests: while they run, everything that the library tells is searched for <see cref="PlantedValues"/>. A find fails the test that
/// ends next, so that it is among the failed tests and not only in the output.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class SearchLeaksAttribute : BeforeAfterTestAttribute
{
    public override void Before(MethodInfo methodUnderTest)
    {
        if (methodUnderTest.ReflectedType!.IsDefined(typeof(UnobservedAttribute), inherit: true))
        {
            LeakSearch.OfTheRun.Pause();
        }
        else
        {
            LeakSearch.OfTheRun.Listen();
        }
    }

    public override void After(MethodInfo methodUnderTest) => LeakSearch.OfTheRun.AssertNothingFound();
}
