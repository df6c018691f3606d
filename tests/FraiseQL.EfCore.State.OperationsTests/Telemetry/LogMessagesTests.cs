using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FraiseQL.EfCore.State.OperationsTests.Telemetry;

public sealed class LogMessagesTests
{
    private static readonly Assembly[] s_libraries =
    [
        typeof(FraiseQLStateOptions).Assembly, typeof(FraiseQLStateRedisBuilderExtensions).Assembly, typeof(FraiseQLStateMemcachedBuilderExtensions).Assembly,
    ];

    [Fact]
    public void Every_log_message_has_an_id_and_a_name_that_stay()
    {
        var messages = s_libraries.SelectMany(library => library.GetTypes())
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(method => (Method: method, Message: method.GetCustomAttribute<LoggerMessageAttribute>()))
            .Where(pair => pair.Message is not null)
            .Select(pair => (Id: pair.Message!.EventId, Name: pair.Message.EventName ?? pair.Method.Name, pair.Message.Level, Text: pair.Message.Message))
            .OrderBy(message => message.Id).ThenBy(message => message.Name, StringComparer.Ordinal).ToList();
        Assert.All(messages, message => Assert.InRange(message.Id, 1000, 9999));
        Assert.Empty(messages.GroupBy(message => message.Name, StringComparer.Ordinal).Where(named => named.Count() > 1).Select(named => named.Key));

        // The public constants are the names.
        var constants = typeof(FraiseQLStateEventId).GetFields().ToDictionary(field => field.Name, field => (int)field.GetRawConstantValue()!);
        Assert.Empty(constants.Where(constant => !messages.Any(message => message.Id == constant.Value)).Select(constant => constant.Key));
        Assert.All(
            constants, constant => Assert.Contains(messages, message => message.Id == constant.Value && message.Name == constant.Key));
        Approved.Match(string.Join('\n', messages.Select(message => $"{message.Id} {message.Name} {message.Level}: {message.Text.ReplaceLineEndings(" ")}")), "LogMessages");
    }
}
