using NodaTime;
using NpgsqlTypes;

namespace FraiseQL.EfCore.State.PostgresTests.Types;

/// <summary>What the NodaTime plug-in maps.</summary>
internal static partial class AllTypes
{
    private static IEnumerable<TypeCase> NodaTimes()
    {
        var instant = Instant.FromUnixTimeTicks(17_000_000_000_123_450);
        var date = new LocalDate(2026, 1, 2);
        var time = new LocalTime(3, 4, 5).PlusTicks(60);
        var utc = new OffsetDateTime(date + time, Offset.Zero);
        return
        [
            Of("instant", instant), Of("instant_infinity", Instant.MaxValue, null, Instant.MinValue),
            Of("local_datetime", date + time), Of("zoned", instant.InUtc()), Of("offset_datetime", utc), Of("local_date", date), Of("local_time", time),
            Of("offset_time", new OffsetTime(time, Offset.FromHours(-7))), Ref("period", Period.FromDays(-3) + Period.FromMonths(2) + Period.FromTicks(70), Period.Zero),
            Of("duration", Duration.FromHours(30) + Duration.FromTicks(70)), Ref("zone", DateTimeZoneProviders.Tzdb["Europe/Berlin"], DateTimeZone.Utc),
            Of("instant_range", new NpgsqlRange<Instant>(instant, instant + Duration.FromDays(1))), Of("local_range", new NpgsqlRange<LocalDateTime>(date + time, date.PlusDays(1) + time)),
            Of("zoned_range", new NpgsqlRange<ZonedDateTime>(instant.InUtc(), (instant + Duration.FromDays(1)).InUtc())),
            Of("offset_range", new NpgsqlRange<OffsetDateTime>(utc, utc.PlusHours(1))), Of("date_range", new NpgsqlRange<LocalDate>(date, true, date.PlusDays(3), false)),
            Ref("date_interval", new DateInterval(date, date.PlusDays(3)), new DateInterval(date, date)), Of("noda_interval", new Interval(instant, null), null, new Interval(instant, instant + Duration.FromDays(1))),
            Changing("instants", [instant, Instant.MinValue], Array.Empty<Instant>(), v => v[0] = default), Changing<List<LocalDate>>("local_dates", [date], [], v => v.Clear()),
            Changing("noda_multirange", [new Interval(instant, instant + Duration.FromDays(1))], Array.Empty<Interval>(), v => v[0] = default),
            Changing<List<DateInterval>>("date_multirange", [new DateInterval(date, date)], [], v => v.Clear()), Changing("periods", [Period.FromDays(1)], Array.Empty<Period>(), v => v[0] = Period.Zero),
            Changing<Instant?[]>("nullable_instants", [instant, null], [], v => v[0] = null),
        ];
    }
}
