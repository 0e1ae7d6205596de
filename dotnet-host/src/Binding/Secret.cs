using System.Management.Automation;
using System.Security;

namespace Runspaced.Host.Binding;

/// <summary>A secret of a request: a password alone, or with a user name.</summary>
internal sealed class Secret
{
    private readonly SecureString _value;

    internal Secret(string? user, string value)
    {
        User = user;
        _value = new SecureString();
        foreach (char unit in value)
        {
            _value.AppendChar(unit);
        }

        _value.MakeReadOnly();
    }

    internal string? User { get; }

    internal SecureString Password => _value;

    internal PSCredential? Credential => User is null ? null : new PSCredential(User, _value);

    public override string ToString() => "***";
}
