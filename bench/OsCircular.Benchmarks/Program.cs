using BenchmarkDotNet.Running;
using OsCircular.Benchmarks.Disks;
using OsCircular.Benchmarks.HotPaths;
using OsCircular.Benchmarks.Limits;

// Beside the benchmarks themselves: what this machine allows at most, for bench/scenarios/targets.sh to measure against.
switch (args)
{
    case ["limit-verify", var folder]:
        VerifyLimit.Run(folder);
        return 0;
    case ["limit-fuse", var mountPoint, var size]:
        return await FuseLimit.RunAsync(mountPoint, long.Parse(size));
    case ["fill-cache", var folder, var count]:
        await CacheFilling.RunAsync(folder, int.Parse(count));
        return 0;
    case ["disk-rates", var folder, var size, var blockSize]:
        await DiskRates.RunAsync(folder, long.Parse(size), int.Parse(blockSize));
        return 0;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(ShortRuns).Assembly).Run(args, new ShortRuns());
        return 0;
}
