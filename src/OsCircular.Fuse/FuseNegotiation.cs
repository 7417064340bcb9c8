using OsCircular.Fuse.Protocol;

namespace OsCircular.Fuse;

/// <summary>What is agreed on, given what the kernel offers.</summary>
internal static class FuseNegotiation
{
    /// <param name="state">Null when the kernel has a newer major version: it reads ours from the answer and asks again.</param>
    public static FuseError Negotiate(in InitIn offer, uint flags2, out InitOut answer, out FuseConnectionState? state)
    {
        answer = new InitOut { Major = FuseInit.Major, Minor = FuseInit.NewestMinor };
        state = null;
        if (offer.Major > FuseInit.Major) return FuseError.Ok;
        if (offer.Major < FuseInit.Major || offer.Minor < FuseInit.OldestMinor) return FuseError.EPROTO;

        var offered = (FuseInitFlags)(offer.Flags | ((ulong)flags2 << 32));
        FuseInitFlags agreed = offered & FuseInit.Wanted;
        int pages = FuseInit.MaxReadBytes / Environment.SystemPageSize;
        answer.Minor = Math.Min(offer.Minor, FuseInit.NewestMinor);
        answer.MaxReadAhead = FuseInit.MaxReadAheadBytes;
        answer.Flags = (uint)agreed;
        answer.Flags2 = (uint)((ulong)agreed >> 32);
        answer.MaxBackground = FuseInit.MaxBackground;
        answer.CongestionThreshold = FuseInit.MaxBackground * 3 / 4;
        answer.MaxWrite = FuseInit.MaxWriteBytes;
        answer.TimeGranularity = 1;
        answer.MaxPages = (ushort)pages;
        state = new FuseConnectionState
        {
            Minor = answer.Minor,
            Offered = offered,
            Agreed = agreed,
            MaxReadBytes = pages * Environment.SystemPageSize,
            MaxWriteBytes = (int)FuseInit.MaxWriteBytes,
        };
        return FuseError.Ok;
    }
}
