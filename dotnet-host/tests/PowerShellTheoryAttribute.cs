using Xunit;

namespace Runspaced.Host.Tests;

/// <summary>A table of tests that need an installed PowerShell.</summary>
internal sealed class PowerShellTheoryAttribute : TheoryAttribute
{
    public PowerShellTheoryAttribute() => Skip = PowerShellHome.WhySkipped;
}
