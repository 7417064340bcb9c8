namespace OsCircular.Fuse.Native;

/// <summary>
/// Memory that the kernel copies requests to and replies from. Its pages are touched, and locked where the limit on locked memory allows:
/// a page that is absent at the moment the process is killed makes the kernel end the request with EIO instead of keeping it for a successor.
/// </summary>
internal static unsafe class ResidentBuffer
{
    /// <returns>A zeroed array that the garbage collector never moves.</returns>
    public static byte[] Allocate(int size)
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(size, pinned: true);
        Array.Clear(buffer);
        _ = Libc.LockMemory(AddressOf(buffer), (nuint)size);
        return buffer;
    }

    /// <param name="buffer">From <see cref="Allocate"/>: the address holds for as long as the array is referenced.</param>
    public static byte* AddressOf(byte[] buffer) => (byte*)System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(buffer, 0);
}
