using System.Runtime.InteropServices;

namespace OsCircular.SystemTests.Fuse;

/// <summary>
/// Runs code as the user "nobody", on a thread of its own whose credentials alone are changed (the system call, unlike the C library's function, does that)
/// and which ends with it. /dev/fuse is opened to everybody meanwhile, as distributions have it.
/// </summary>
internal sealed class OrdinaryUser : IDisposable
{
    /// <summary>For the classes that use it: the device's mode is one for all.</summary>
    public const string Collection = "/dev/fuse";

    private const int Nobody = 65534;
    private const UnixFileMode Everybody = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private const string Device = "/dev/fuse";

    private readonly UnixFileMode _before = File.GetUnixFileMode(Device);

    /// <param name="folder">Made passable for the user.</param>
    /// <param name="owned">Given to the user.</param>
    public OrdinaryUser(string folder, string owned)
    {
        File.SetUnixFileMode(Device, Everybody);
        File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.OtherExecute | UnixFileMode.OtherRead);
        Assert.Equal(0, chown(owned, Nobody, Nobody));
    }

    public void Dispose() => File.SetUnixFileMode(Device, _before);

    public Task RunAsync(Action action)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                BecomeNobody();
                action();
                done.SetResult();
            }
            catch (Exception failure)
            {
                done.SetException(failure);
            }
        });
        thread.Start();
        return done.Task;
    }

    private static void BecomeNobody()
    {
        bool arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
        Assert.Equal(0, syscall(arm ? 149 : 119, Nobody, Nobody, Nobody));
        Assert.Equal(0, syscall(arm ? 147 : 117, Nobody, Nobody, Nobody));
    }

    // setresuid and setresgid for this thread only.
    [DllImport("libc")]
    private static extern nint syscall(nint number, nint first, nint second, nint third);

    [DllImport("libc")]
    private static extern int chown(string path, int user, int group);
}
