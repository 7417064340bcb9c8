namespace OsCircular.Disks;

/// <summary>Whoever sends a <see cref="DiskRead"/> on its way.</summary>
public interface IDiskReadCompletion
{
    /// <summary>
    /// Called exactly once for each <see cref="Disk.Read"/>, possibly before it returns, on whichever thread finished the read.
    /// Must be quick and not throw; may start the next read after <see cref="DiskRead.Release"/>.
    /// </summary>
    void OnCompleted(DiskRead read);
}
