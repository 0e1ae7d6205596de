using System;
using System.Runtime.InteropServices;

namespace Runspaced.Host.Slots;

/// <summary>The operating system's number of the running thread.</summary>
internal static class NativeThread
{
    internal static ulong CurrentId()
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                return LinuxThreadId();
            }

            if (OperatingSystem.IsMacOS())
            {
                return MacThreadId(0, out ulong id) == 0 ? id : 0;
            }

            return OperatingSystem.IsWindows() ? WindowsThreadId() : 0;
        }
        catch (EntryPointNotFoundException)
        {
            // musl before 1.2.4 and others without the function: the system call itself.
            return OperatingSystem.IsLinux() ? LinuxSystemCall() : 0;
        }
        catch (DllNotFoundException)
        {
            return 0;
        }
    }

    private static ulong LinuxSystemCall()
    {
        nint number = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => 186,
            Architecture.X86 or Architecture.Arm => 224,
            Architecture.Arm64 or Architecture.LoongArch64 or Architecture.RiscV64 => 178,
            Architecture.Ppc64le => 207,
            Architecture.S390x => 236,
            _ => 0,
        };
        return number == 0 ? 0 : (ulong)SystemCall(number);
    }

    [DllImport("libc", EntryPoint = "gettid")]
    private static extern uint LinuxThreadId();

    [DllImport("libc", EntryPoint = "syscall")]
    private static extern nint SystemCall(nint number);

    [DllImport("libSystem.dylib", EntryPoint = "pthread_threadid_np")]
    private static extern int MacThreadId(nint thread, out ulong id);

    [DllImport("kernel32.dll", EntryPoint = "GetCurrentThreadId")]
    private static extern uint WindowsThreadId();
}
