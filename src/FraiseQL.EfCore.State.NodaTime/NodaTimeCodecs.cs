using FraiseQL.EfCore.State.Rows;
using NodaTime;

namespace FraiseQL.EfCore.State.NodaTime;

// All to the nanosecond. Values that a type cannot hold throw, which is a miss.

internal readonly struct DurationCodec : IValueCodec<Duration>
{
    public static int LeastSize => 12;

    public static void Write(ref ByteWriter writer, Duration value)
    {
        writer.WriteInt32(value.Days);
        writer.WriteInt64(value.NanosecondOfDay);
    }

    public static Duration Read(ref ByteReader reader) => Duration.FromDays(reader.ReadInt32()) + Duration.FromNanoseconds(reader.ReadInt64());
}

internal readonly struct InstantCodec : IValueCodec<Instant>
{
    public static int LeastSize => 12;

    public static void Write(ref ByteWriter writer, Instant value) => DurationCodec.Write(ref writer, value - NodaConstants.UnixEpoch);

    public static Instant Read(ref ByteReader reader) => NodaConstants.UnixEpoch + DurationCodec.Read(ref reader);
}

internal readonly struct LocalDateCodec : IValueCodec<LocalDate>
{
    public static int LeastSize => 4;

    public static void Write(ref ByteWriter writer, LocalDate value)
    {
        if (value.Calendar != CalendarSystem.Iso)
        {
            throw new NotSupportedException("A date of a calendar other than ISO has no exact form.");
        }

        writer.WriteInt16((short)value.Year);
        writer.WriteByte((byte)value.Month);
        writer.WriteByte((byte)value.Day);
    }

    public static LocalDate Read(ref ByteReader reader) => new(reader.ReadInt16(), reader.ReadByte(), reader.ReadByte());
}

internal readonly struct LocalTimeCodec : IValueCodec<LocalTime>
{
    public static int LeastSize => 8;

    public static void Write(ref ByteWriter writer, LocalTime value) => writer.WriteInt64(value.NanosecondOfDay);

    public static LocalTime Read(ref ByteReader reader) => LocalTime.FromNanosecondsSinceMidnight(reader.ReadInt64());
}

internal readonly struct LocalDateTimeCodec : IValueCodec<LocalDateTime>
{
    public static int LeastSize => 12;

    public static void Write(ref ByteWriter writer, LocalDateTime value)
    {
        LocalDateCodec.Write(ref writer, value.Date);
        LocalTimeCodec.Write(ref writer, value.TimeOfDay);
    }

    public static LocalDateTime Read(ref ByteReader reader) => LocalDateCodec.Read(ref reader) + LocalTimeCodec.Read(ref reader);
}

internal readonly struct OffsetDateTimeCodec : IValueCodec<OffsetDateTime>
{
    public static int LeastSize => 16;

    public static void Write(ref ByteWriter writer, OffsetDateTime value)
    {
        LocalDateTimeCodec.Write(ref writer, value.LocalDateTime);
        writer.WriteInt32(value.Offset.Seconds);
    }

    public static OffsetDateTime Read(ref ByteReader reader) => new(LocalDateTimeCodec.Read(ref reader), Offset.FromSeconds(reader.ReadInt32()));
}

internal readonly struct OffsetTimeCodec : IValueCodec<OffsetTime>
{
    public static int LeastSize => 12;

    public static void Write(ref ByteWriter writer, OffsetTime value)
    {
        LocalTimeCodec.Write(ref writer, value.TimeOfDay);
        writer.WriteInt32(value.Offset.Seconds);
    }

    public static OffsetTime Read(ref ByteReader reader) => new(LocalTimeCodec.Read(ref reader), Offset.FromSeconds(reader.ReadInt32()));
}

/// <summary>What Npgsql reads is in UTC; a zone's rules differ from one time zone database to the next.</summary>
internal readonly struct ZonedDateTimeCodec : IValueCodec<ZonedDateTime>
{
    public static int LeastSize => 12;

    public static void Write(ref ByteWriter writer, ZonedDateTime value)
    {
        if (value.Zone != DateTimeZone.Utc || value.Calendar != CalendarSystem.Iso)
        {
            throw new NotSupportedException("A time in a zone other than UTC, or of a calendar other than ISO, has no exact form.");
        }

        InstantCodec.Write(ref writer, value.ToInstant());
    }

    public static ZonedDateTime Read(ref ByteReader reader) => new(InstantCodec.Read(ref reader), DateTimeZone.Utc);
}

internal readonly struct PeriodCodec : IValueCodec<Period>
{
    public static int LeastSize => 64;

    public static void Write(ref ByteWriter writer, Period value)
    {
        writer.WriteInt32(value.Years);
        writer.WriteInt32(value.Months);
        writer.WriteInt32(value.Weeks);
        writer.WriteInt32(value.Days);
        writer.WriteInt64(value.Hours);
        writer.WriteInt64(value.Minutes);
        writer.WriteInt64(value.Seconds);
        writer.WriteInt64(value.Milliseconds);
        writer.WriteInt64(value.Ticks);
        writer.WriteInt64(value.Nanoseconds);
    }

    public static Period Read(ref ByteReader reader) => new PeriodBuilder
    {
        Years = reader.ReadInt32(),
        Months = reader.ReadInt32(),
        Weeks = reader.ReadInt32(),
        Days = reader.ReadInt32(),
        Hours = reader.ReadInt64(),
        Minutes = reader.ReadInt64(),
        Seconds = reader.ReadInt64(),
        Milliseconds = reader.ReadInt64(),
        Ticks = reader.ReadInt64(),
        Nanoseconds = reader.ReadInt64(),
    }.Build();

    public static long HeapSize(Period value) => 80;
}

internal readonly struct DateIntervalCodec : IValueCodec<DateInterval>
{
    public static int LeastSize => 8;

    public static void Write(ref ByteWriter writer, DateInterval value)
    {
        LocalDateCodec.Write(ref writer, value.Start);
        LocalDateCodec.Write(ref writer, value.End);
    }

    public static DateInterval Read(ref ByteReader reader) => new(LocalDateCodec.Read(ref reader), LocalDateCodec.Read(ref reader));

    public static long HeapSize(DateInterval value) => 24;
}

internal readonly struct IntervalCodec : IValueCodec<Interval>
{
    private const byte HasStart = 1;
    private const byte HasEnd = 2;

    public static int LeastSize => 1;

    public static void Write(ref ByteWriter writer, Interval value)
    {
        writer.WriteByte((byte)((value.HasStart ? HasStart : 0) | (value.HasEnd ? HasEnd : 0)));
        if (value.HasStart)
        {
            InstantCodec.Write(ref writer, value.Start);
        }

        if (value.HasEnd)
        {
            InstantCodec.Write(ref writer, value.End);
        }
    }

    public static Interval Read(ref ByteReader reader)
    {
        var ends = reader.ReadByte();
        Instant? start = (ends & HasStart) != 0 ? InstantCodec.Read(ref reader) : null;
        Instant? end = (ends & HasEnd) != 0 ? InstantCodec.Read(ref reader) : null;
        return new Interval(start, end);
    }
}
