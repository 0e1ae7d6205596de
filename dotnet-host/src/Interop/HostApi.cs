using System.Runtime.InteropServices;

namespace Runspaced.Host.Interop;

/// <summary>What this side offers; see docs/abi.md.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct HostApi
{
    public uint AbiVersion;
    public uint StructSize;
    public delegate* unmanaged<ulong, byte*, nuint, int> Open;
    public delegate* unmanaged<ulong, ulong, nuint, byte*, nuint, int> Invoke;
    public delegate* unmanaged<ulong, ulong, int> Cancel;
    public delegate* unmanaged<ulong, ulong, int> Resume;
    public delegate* unmanaged<ulong, ulong, ulong, byte*, nuint, int> Reply;
    public delegate* unmanaged<ulong, int> Close;
    public delegate* unmanaged<ulong, int> Abandon;
    public delegate* unmanaged<int> Shutdown;
    public delegate* unmanaged<int> Ping;
    public delegate* unmanaged<byte*, nuint, int> Stats;
    public delegate* unmanaged<byte*, nuint, int> LastError;
    public delegate* unmanaged<ulong, ulong, ulong, uint, byte*, nuint, int> FunctionReply;
    public delegate* unmanaged<uint, int> Trim;
}
