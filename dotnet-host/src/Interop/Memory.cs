using System;

namespace Runspaced.Host.Interop;

/// <summary>
/// Collections that the pool asks for. The collector runs when something is allocated: what is dead stays resident in a
/// process that waits, and what died after its finalizer ran stays for hundreds of thousands of small calls.
/// </summary>
internal static class Memory
{
    internal static void Trim(uint depth)
    {
        switch (depth)
        {
            case 0:
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: false);
                break;
            case 1:
                Collect(GCCollectionMode.Forced);
                break;
            default:
                Collect(GCCollectionMode.Aggressive);
                break;
        }
    }

    /// <summary>Twice: runspaces and pipelines have finalizers, and are free after those only.</summary>
    private static void Collect(GCCollectionMode mode)
    {
        GC.Collect(GC.MaxGeneration, mode, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, mode, blocking: true, compacting: true);
    }
}
