using System.Runtime.InteropServices;

namespace Runspaced.Host.Interop;

/// <summary>What the other side offers; see docs/abi.md.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct HostCallbacks
{
    public uint AbiVersion;
    public uint StructSize;
    public delegate* unmanaged<nuint, nuint, nuint, nuint*, byte*> Grow;
    public delegate* unmanaged<ulong, ulong, nuint, nuint, nuint, nuint, void> Done;
    public delegate* unmanaged<uint, ulong, ulong, long, byte*, nuint, int> Event;
}
