using OsCircular.Agent.Serving;
using OsCircular.Sources.Rates;

namespace OsCircular.Tests.Agent.Serving;

public sealed class PeerServerOptionsTests
{
    [Fact]
    public void Validate_Defaults_AreWell() => Assert.Empty(new PeerServerOptions().Validate());

    [Fact]
    public void Validate_EverythingWrong_NamesEveryOne()
    {
        var options = new PeerServerOptions
        {
            MaxConnections = 0,
            Uploads = 0,
            UploadRate = new RateSchedule(1),
            MaxUploadWait = TimeSpan.FromMinutes(1),
            FetchesPerPeer = 0,
            FetchMemory = 0,
            MinClientRate = -1,
            SlowStart = TimeSpan.Zero,
            MaxUnproven = 0,
            StopTimeout = TimeSpan.FromHours(1),
        };
        Assert.Equal(typeof(PeerServerOptions).GetProperties().Where(property => property.CanWrite).Select(property => property.Name), options.Validate().Select(error => error.Split(' ')[1]));
    }
}
