using Xunit;

namespace Runspaced.Host.Tests;

/// <summary>A test that needs an installed PowerShell.</summary>
internal sealed class PowerShellFactAttribute : FactAttribute
{
    public PowerShellFactAttribute() => Skip = PowerShellHome.WhySkipped;
}
