using Microsoft.Extensions.Time.Testing;
using OsCircular.Agent.Output;

namespace OsCircular.Tests.Agent.Output;

public class ProgressLineTests
{
    [Fact]
    public void Text_HalfDone_ShowsShareRateAndTimeLeft()
    {
        string text = ProgressLine.Text("publishing", 50 << 20, 100 << 20, TimeSpan.FromSeconds(5));
        Assert.Equal("publishing [###############...............]  50 %  50.0 MiB of 100 MiB, 10.0 MiB/s, 5.0 s left", text);
    }

    [Fact]
    public void Text_NothingDone_PromisesNoTime() =>
        Assert.Equal("publishing [..............................]   0 %  0 B of 1.00 KiB, 0 B/s", ProgressLine.Text("publishing", 0, 1024, TimeSpan.Zero));

    [Fact]
    public void Text_NotInBytes_ShowsTheShareAlone() =>
        Assert.Equal("converting [###############...............]  50 %, 5.0 s left", ProgressLine.Text("converting", 5_000, 10_000, TimeSpan.FromSeconds(5), inBytes: false));

    [Fact]
    public void Report_ManyInAMoment_DrawsFewAndTheLast()
    {
        FakeTimeProvider time = new();
        StringWriter terminal = new();
        using (ProgressLine line = new("x", time, terminal))
        {
            for (int i = 1; i <= 1000; i++)
            {
                line.Report(i, 1000);
                time.Advance(TimeSpan.FromMilliseconds(1));
            }
        }

        string drawn = terminal.ToString();
        Assert.InRange(drawn.Count(c => c == '\r'), 10, 14);
        Assert.Contains("100 %", drawn, StringComparison.Ordinal);
    }

    [Fact]
    public void Report_NoTerminal_WritesNothing()
    {
        using ProgressLine line = new("x", new FakeTimeProvider(), terminal: null);
        line.Report(1, 2);
    }
}
