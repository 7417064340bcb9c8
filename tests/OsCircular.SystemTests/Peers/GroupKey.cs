using OsCircular.TestKit.Peers;

namespace OsCircular.SystemTests.Peers;

/// <summary>A key file in a lab group's folder, and a member that has the key.</summary>
internal sealed class GroupKey
{
    public GroupKey(LabGroup group)
    {
        Path = System.IO.Path.Combine(group.Small.Files, "group.key");
        File.WriteAllText(Path, "a classroom's key, long enough\n");
        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Member = new GroupMember(LabGroup.GroupName, File.ReadAllBytes(Path));
    }

    public string Path { get; }
    public GroupMember Member { get; }
    public string[] Options => ["--group-key", Path];
}
