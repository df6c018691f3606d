using Microsoft.Playwright;

namespace BlogApp.Tests;

/// <summary>Pictures of a page for a reader, and a check that no form of it needs sideways scrolling.</summary>
internal static class Screenshots
{
    private static readonly (string Name, int Width, int Height, ColorScheme Scheme)[] s_forms =
    [
        ("desktop", 1280, 900, ColorScheme.Light),
        ("dark", 1280, 900, ColorScheme.Dark),
        ("phone", 390, 844, ColorScheme.Light),
    ];

    /// <summary>Writes <c>artifacts/screenshots/name-form.png</c> for desktop, dark and phone.</summary>
    public static async Task TakeAsync(IPage page, string name)
    {
        foreach (var (form, width, height, scheme) in s_forms)
        {
            await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
            await page.SetViewportSizeAsync(width, height);
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Repository.Screenshots, $"{name}-{form}.png") });
            var scrolled = await page.EvaluateAsync<int>("document.documentElement.scrollWidth");
            Assert.True(scrolled <= width, $"{name} is {scrolled} pixels wide on a screen of {width}.");
        }
    }
}
