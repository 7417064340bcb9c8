using System.Globalization;
using OsCircular.Agent.Configuration;
using OsCircular.Sources.Rates;

namespace OsCircular.Tests.Agent.Configuration;

public sealed class RateReaderTests
{
    private readonly SettingLayers _layers = new();
    private readonly List<string> _errors = [];

    [Theory]
    [InlineData("20MiB", 20 << 20)]
    [InlineData("20MiB/s", 20 << 20)]
    [InlineData("64KiB", 64 << 10)]
    public void Read_OneRate_HoldsAllDay(string text, long expected)
    {
        RateSchedule schedule = Read(mayStop: false, text);
        Assert.Empty(_errors);
        Assert.Equal((expected, expected), (At(schedule, "00:00"), At(schedule, "23:59")));
    }

    [Fact]
    public void Read_Nothing_IsNoLimit() => Assert.True(Read(mayStop: false).IsNone);

    [Fact]
    public void Read_HoursAndTheRest_EachHasItsRate()
    {
        RateSchedule schedule = Read(mayStop: true, "20MiB", "08:00-18:00=0", "22:00-24:00=1MiB/s");
        Assert.Empty(_errors);
        Assert.Equal([20 << 20, 0, 20 << 20, 1 << 20], new[] { "7:59", "8:00", "18:00", "23:59" }.Select(at => At(schedule, at)));
    }

    [Theory]
    [InlineData("fast", "'fast' is no rate")]
    [InlineData("1KiB", "'1KiB' is no rate of at least 64KiB a second")]
    [InlineData("0", "'0' is no rate")]
    [InlineData("8-18=5MiB", "has no hours of the day")]
    [InlineData("08:00-08:00=5MiB", "has no hours of the day")]
    [InlineData("25:00-26:00=5MiB", "has no hours of the day")]
    [InlineData("08:00=5MiB", "has no hours of the day")]
    [InlineData("5MiB 6MiB", "is the second rate without hours")]
    [InlineData("08:00-18:00=5MiB 17:00-20:00=6MiB", "overlaps other hours of mirror-rate")]
    [InlineData("22:00-06:00=5MiB 05:00-07:00=6MiB", "overlaps other hours of mirror-rate")]
    public void Read_WhatIsNone_IsOneLineThatSaysWhereAndHow(string text, string expected)
    {
        Read(mayStop: false, text.Split(' '));
        string error = Assert.Single(_errors);
        Assert.StartsWith("--mirror-rate: ", error, StringComparison.Ordinal);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    private RateSchedule Read(bool mayStop, params string[] texts)
    {
        if (texts.Length > 0) _layers.AddOption("mirror-rate", texts);
        return new RateReader(_layers, _errors).Read("mirror-rate", mayStop);
    }

    private static long? At(RateSchedule schedule, string time) => schedule.At(TimeOnly.Parse(time, CultureInfo.InvariantCulture));
}
