using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OsCircular.Cache;

namespace OsCircular.Tests.Cache;

public sealed class CacheHealthTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private readonly FakeTimeProvider _time = new();
    private readonly CacheHealth _health;

    public CacheHealthTests() => _health = new CacheHealth(_time, Interval, "cache", NullLogger.Instance);

    [Theory]
    [InlineData(LinuxFile.ENOSPC, CacheState.Full)]
    [InlineData(LinuxFile.EDQUOT, CacheState.Full)]
    [InlineData(LinuxFile.EROFS, CacheState.ReadOnly)]
    [InlineData(LinuxFile.EIO, CacheState.Failing)]
    [InlineData(LinuxFile.EACCES, CacheState.Failing)]
    public void DiskFailed_ByErrno_IsNamedAndStopsWritingOnly(int errno, CacheState state)
    {
        _time.Advance(Interval);
        _health.DiskFailed(errno);
        Assert.Equal(state, _health.State);
        Assert.Equal(_time.GetUtcNow(), _health.Since);
        Assert.False(_health.MayWrite());
        Assert.True(_health.MayRead());
        _health.Written();
        Assert.Equal(CacheState.Ok, _health.State);
        Assert.True(_health.MayWrite());
    }

    [Fact]
    public void ReadFailed_OnceOrTwice_IsABadSpotAndNotTheDisk()
    {
        for (int i = 1; i < CacheHealth.ReadFailuresToPass; i++) _health.ReadFailed();
        Assert.Equal(CacheState.Ok, _health.State);
        _health.ReadWorked();
        _health.ReadFailed();
        Assert.Equal(CacheState.Ok, _health.State);
    }

    [Fact]
    public void ReadFailed_InARow_PassesByButForOneInEachInterval()
    {
        FailReads();
        Assert.Equal(CacheState.Failing, _health.State);
        Assert.False(_health.MayRead());
        _time.Advance(Interval);
        Assert.True(_health.MayRead());
        Assert.False(_health.MayRead());
    }

    [Fact]
    public void Written_WhileReadsFail_DoesNotMakeItWell()
    {
        FailReads();
        _health.Written();
        Assert.Equal(CacheState.Failing, _health.State);
        _health.ReadWorked();
        Assert.Equal(CacheState.Ok, _health.State);
    }

    [Fact]
    public void Gone_WhateverElse_GoesBeforeAll()
    {
        _health.DiskFailed(LinuxFile.EROFS);
        _health.Hangs(reads: true, writes: false);
        Assert.Equal(CacheState.Hanging, _health.State);
        _health.Gone();
        Assert.Equal(CacheState.Gone, _health.State);
        Assert.False(_health.MayRead());
        Assert.False(_health.MayWrite());
        _health.Hangs(reads: false, writes: false);
        _health.Back();
        Assert.Equal(CacheState.Ok, _health.State);
        Assert.True(_health.MayWrite());
    }

    [Fact]
    public void NoRoom_IsFullButMayBeTriedAtOnce()
    {
        _health.NoRoom();
        Assert.Equal(CacheState.Full, _health.State);
        Assert.True(_health.MayWrite());
        Assert.False(_health.WritesFail);
    }

    private void FailReads()
    {
        for (int i = 0; i < CacheHealth.ReadFailuresToPass; i++) _health.ReadFailed();
    }
}
