namespace Runspaced.Host.Session;

/// <summary>What became of the settings of the process after a call.</summary>
internal readonly record struct ProcessVerdict(bool Changed, bool Overlap, bool Dirty);
