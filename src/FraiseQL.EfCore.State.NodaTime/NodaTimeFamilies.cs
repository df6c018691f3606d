using FraiseQL.EfCore.State.Rows;
using NodaTime;
using NpgsqlTypes;

namespace FraiseQL.EfCore.State.NodaTime;

/// <summary>NodaTime's types with their numbers in the L2 payload: never reuse or change one; 90 to 119 are this package's.</summary>
internal static class NodaTimeFamilies
{
    private static readonly Lazy<bool> s_registered = new(() =>
    {
        foreach (var family in All())
        {
            ColumnKinds.Add(family);
        }

        return true;
    });

    public static void Register() => _ = s_registered.Value;

    private static TypeFamily[] All() =>
    [
        new ValueTypeFamily<Instant, InstantCodec>(90),
        new ValueTypeFamily<LocalDate, LocalDateCodec>(91),
        new ValueTypeFamily<LocalTime, LocalTimeCodec>(92),
        new ValueTypeFamily<LocalDateTime, LocalDateTimeCodec>(93),
        new ValueTypeFamily<OffsetDateTime, OffsetDateTimeCodec>(94),
        new ValueTypeFamily<OffsetTime, OffsetTimeCodec>(95),
        new ValueTypeFamily<ZonedDateTime, ZonedDateTimeCodec>(96),
        new ValueTypeFamily<Duration, DurationCodec>(97),
        new ClassFamily<Period, PeriodCodec>(98),
        new ClassFamily<DateInterval, DateIntervalCodec>(99),
        new ValueTypeFamily<Interval, IntervalCodec>(100),
        new ValueTypeFamily<NpgsqlRange<Instant>, RangeCodec<Instant, InstantCodec>>(101),
        new ValueTypeFamily<NpgsqlRange<LocalDateTime>, RangeCodec<LocalDateTime, LocalDateTimeCodec>>(102),
        new ValueTypeFamily<NpgsqlRange<ZonedDateTime>, RangeCodec<ZonedDateTime, ZonedDateTimeCodec>>(103),
        new ValueTypeFamily<NpgsqlRange<OffsetDateTime>, RangeCodec<OffsetDateTime, OffsetDateTimeCodec>>(104),
        new ValueTypeFamily<NpgsqlRange<LocalDate>, RangeCodec<LocalDate, LocalDateCodec>>(105),
    ];
}
