using CsCheck;
using OsCircular.Sources;

namespace OsCircular.Tests.Disks;

/// <summary>
/// The whole read path but the kernel (disks, memory, a real cache with a small quota, its healing, sources that fail) against a plain array for each version:
/// whatever happens to the cache, whoever fails and however often all is started anew, a read has the right bytes, or an error where nobody had the block. Sized by
/// the environment: <c>CsCheck_Iter</c>, and <c>CsCheck_Seed</c> to see a failure again.
/// </summary>
public sealed class ReferenceModelTests
{
    private enum Act
    {
        Read,
        ReadAgain,
        ReadLong,
        Publish,
        Damage,
        DamageMany,
        Restart,
        CrashAndRestart,
        FirstSourceFails,
        FirstSourceLies,
        AllFail,
        AllWell,
    }

    private static readonly Gen<(Act Act, uint Dice)[]> Stories = Gen.Select(
        Gen.Frequency((12, Gen.Const(Act.Read)), (4, Gen.Const(Act.ReadAgain)), (4, Gen.Const(Act.ReadLong)), (1, Gen.Const(Act.Publish)), (4, Gen.Const(Act.Damage)),
            (1, Gen.Const(Act.DamageMany)), (1, Gen.Const(Act.Restart)), (1, Gen.Const(Act.CrashAndRestart)), (2, Gen.Const(Act.FirstSourceFails)),
            (2, Gen.Const(Act.FirstSourceLies)), (1, Gen.Const(Act.AllFail)), (3, Gen.Const(Act.AllWell))),
        Gen.UInt).Array[20, 200];

    // One for each of the two blocks that a read may touch and that may be under way, and one more.
    private const int MostLate = 3;

    [Fact]
    public void AnyStory_AgainstAPlainArray_NeverAWrongByteAndNoErrorWhileOneSourceIsGood() => Stories.Sample(story => RunAsync(story).GetAwaiter().GetResult(), iter: Iterations, threads: 1);

    private static long Iterations => long.TryParse(Environment.GetEnvironmentVariable("CsCheck_Iter"), out long set) ? set : 12;

    private static async Task RunAsync((Act Act, uint Dice)[] story)
    {
        await using ReferenceRig rig = await ReferenceRig.CreateAsync();
        (int Version, long At, int Length) last = (0, 0, 4096);
        foreach ((Act act, uint dice) in story)
        {
            switch (act)
            {
                case Act.Read or Act.ReadLong:
                    last = rig.Place(dice, act == Act.Read ? 16 * 1024 : 1024 * 1024);
                    await ReadAsync(rig, last);
                    break;
                case Act.ReadAgain:
                    await ReadAsync(rig, last);
                    break;
                case Act.Publish:
                    rig.Publish();
                    break;
                case Act.Damage:
                    rig.Damage(dice);
                    break;
                case Act.DamageMany:
                    for (uint i = 0; i < 20; i++) rig.Damage(dice + i * 7919);
                    break;
                case Act.Restart or Act.CrashAndRestart:
                    await rig.RestartAsync(crashed: act == Act.CrashAndRestart);
                    break;
                default:
                    rig.First = act switch { Act.FirstSourceFails or Act.AllFail => SourceError.Unreachable, Act.FirstSourceLies => SourceError.Invalid, _ => SourceError.None };
                    rig.SecondFails = act == Act.AllFail;
                    break;
            }
        }

        // In the end all behaves: everything is right, and what was damaged is healed.
        (rig.First, rig.SecondFails) = (SourceError.None, false);
        rig.Forgive();
        for (int version = 0; version < rig.Versions; version++)
            for (long at = 0; at < ReferenceRig.DiskSize; at += ReferenceRig.BlockSize) await ReadAsync(rig, (version, at, ReferenceRig.BlockSize));
        await rig.AssertHealedAsync();
    }

    private static async Task ReadAsync(ReferenceRig rig, (int Version, long At, int Length) place)
    {
        (SourceError error, byte[] bytes) = await rig.ReadAsync(place.Version, place.At, place.Length);

        // What was read ahead while all failed fails again at once for two seconds, may have failed only just now, and may still be under way: then it is joined.
        for (int again = 0; error != SourceError.None && !rig.SecondFails && rig.AllHaveFailed && again < MostLate; again++)
        {
            rig.Forgive();
            (error, bytes) = await rig.ReadAsync(place.Version, place.At, place.Length);
        }

        if (error == SourceError.None) Assert.True(rig.IsRight(place.Version, place.At, bytes), $"wrong bytes of version {place.Version} at {place.At}");
        else Assert.True(rig.SecondFails, $"{error} at {place.At} while one source was good");
        if (rig.SecondFails) rig.Forgive();
    }
}
