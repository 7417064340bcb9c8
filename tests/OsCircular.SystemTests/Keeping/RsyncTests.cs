using OsCircular.SystemTests.Faults;
using OsCircular.TestKit.Images;
using OsCircular.TestKit.Programs;

namespace OsCircular.SystemTests.Keeping;

/// <summary>The README's three commands of rsync, run on a repository that a publisher and a collector work on all the while.</summary>
public sealed class RsyncTests
{
    private const int MostRounds = 12;

    [Fact(Timeout = 240_000)]
    public async Task Rsync_WhileAPublisherWorks_LeavesAWholeRepositoryEachTime()
    {
        await using SmallRepository small = await SmallRepository.CreateAsync(blocks: 48);
        string copy = Path.Combine(small.Files, "copy"), head = Path.Combine(small.Files, "head.next");
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        bool isPublishing = true;
        Task publishing = Task.Run(
            async () =>
            {
                for (int version = 2; version <= 7; version++)
                {
                    SyntheticImage.Change(small.Image, seed: version, version, version + 20, version + 30);
                    await small.Repository.PublishAsync(small.Image, "small");
                    (await OsCircularProgram.RunAsync("gc", small.Repository.Folder, "--keep", "2", "--key", small.Repository.SecretKey)).MustSucceed();
                }

                Volatile.Write(ref isPublishing, false);
            },
            cancellation);

        HashSet<string> heads = [];
        for (int round = 0; round < MostRounds; round++)
        {
            bool last = !Volatile.Read(ref isPublishing);
            await TestProcess.ShellAsync(
                """
                rsync -a "$1/head.minisig" "$3"
                rsync -a --exclude=/head.minisig --exclude=/tmp "$1/" "$2/" || [ $? = 24 ]
                rsync -a "$3" "$2/head.minisig"
                """,
                small.Repository.Folder, copy, head);
            (await OsCircularProgram.RunAsync("verify", copy, "--public-key", small.Repository.PublicKey)).MustSucceed();
            heads.Add(await File.ReadAllTextAsync(Path.Combine(copy, "head.minisig"), cancellation));
            if (last) break;
        }

        await publishing;
        TestContext.Current.TestOutputHelper?.WriteLine($"{heads.Count} heads met");
        Assert.True(heads.Count >= 2, "it never met a publisher at work");
    }
}
