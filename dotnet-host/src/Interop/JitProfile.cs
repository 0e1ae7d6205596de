using System;
using System.IO;
using System.Runtime.Loader;
using System.Threading;

namespace Runspaced.Host.Interop;

/// <summary>
/// The runtime's record of the methods a start needs: with it the next start prepares them on another core, ahead of
/// their use. In the folder that the application property <c>Runspaced.JitProfileFolder</c> names; without it there is none.
/// </summary>
internal static class JitProfile
{
    private const string FolderProperty = "Runspaced.JitProfileFolder";
    private const string FileName = "runspaced-start.jitprofile";

    private static int s_isMissing;

    /// <summary>Uses the record and continues it.</summary>
    internal static void Begin()
    {
        if (AppContext.GetData(FolderProperty) is not string { Length: > 0 } folder)
        {
            return;
        }

        try
        {
            Directory.CreateDirectory(folder);
            s_isMissing = File.Exists(Path.Combine(folder, FileName)) ? 0 : 1;
            AssemblyLoadContext.Default.SetProfileOptimizationRoot(folder);
            AssemblyLoadContext.Default.StartProfileOptimization(FileName);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            Border.Log(LogLevel.Debug, $"There is no JIT profile: {failure.Message}");
        }
    }

    /// <summary>
    /// To be called when the first call has run. The runtime writes the record some seconds later by itself; the first one ever
    /// is written now, for a process that runs one script and ends would never get there.
    /// </summary>
    internal static void KeepFirst()
    {
        if (s_isMissing != 0 && Interlocked.Exchange(ref s_isMissing, 0) != 0)
        {
            AssemblyLoadContext.Default.StartProfileOptimization(null);
        }
    }
}
