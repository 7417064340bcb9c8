using OsCircular.Fuse;
using OsCircular.Mount;
using OsCircular.Sources;

namespace OsCircular.Tests.Mount;

public class ErrorNumbersTests
{
    [Fact]
    public void Of_EveryError_HasAnErrno()
    {
        foreach (SourceError error in Enum.GetValues<SourceError>())
            Assert.Equal(error == SourceError.None, ErrorNumbers.Of(error) == FuseError.Ok);
    }

    [Fact]
    public void Of_Cancelled_IsInterrupted() => Assert.Equal(FuseError.EINTR, ErrorNumbers.Of(SourceError.Cancelled));
}
