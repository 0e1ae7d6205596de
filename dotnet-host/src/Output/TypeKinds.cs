using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Runspaced.Host.Output;

/// <summary>
/// The <see cref="ValueKind"/> of every type met so far. Types are held weakly: those of a script's classes can be
/// collected.
/// </summary>
internal static class TypeKinds
{
    // By name, so that asking loads no assembly: a value of the type brings its own. A type is what its nearest base in this
    // list is. The kinds are numbers here: a dictionary of them is in .NET as machine code, one of an enum is compiled at each start.
    private static readonly Dictionary<string, int> Named = Table();

    private static readonly ConditionalWeakTable<Type, StrongBox<ValueKind>> Known = new();

    internal static ValueKind Of(Type type)
    {
        if (Known.TryGetValue(type, out StrongBox<ValueKind>? kind))
        {
            return kind.Value;
        }

        ValueKind found = Classify(type);
        Known.AddOrUpdate(type, new(found));
        return found;
    }

    private static ValueKind Classify(Type type)
    {
        if (type.IsEnum)
        {
            return ValueKind.Enum;
        }

        switch (Type.GetTypeCode(type))
        {
            case TypeCode.String:
                return ValueKind.String;
            case TypeCode.Boolean:
                return ValueKind.Boolean;
            case TypeCode.Char:
                return ValueKind.Char;
            case TypeCode.SByte:
            case TypeCode.Byte:
            case TypeCode.Int16:
            case TypeCode.UInt16:
            case TypeCode.Int32:
            case TypeCode.UInt32:
            case TypeCode.Int64:
                return ValueKind.Integer;
            case TypeCode.UInt64:
                return ValueKind.UnsignedInteger;
            case TypeCode.Single:
                return ValueKind.Single;
            case TypeCode.Double:
                return ValueKind.Double;
            case TypeCode.Decimal:
                return ValueKind.Decimal;
            case TypeCode.DateTime:
                return ValueKind.DateTime;
            case TypeCode.DBNull:
                return ValueKind.Null;
            default:
                return (type.IsValueType ? OfStruct(type) : null) ?? OfName(type) ?? OfContract(type);
        }
    }

    private static ValueKind? OfStruct(Type type) =>
        type == typeof(SwitchParameter) ? ValueKind.Switch
        : type == typeof(Guid) ? ValueKind.Guid
        : type == typeof(TimeSpan) ? ValueKind.TimeSpan
        : type == typeof(DateTimeOffset) ? ValueKind.DateTimeOffset
        : type == typeof(DateOnly) ? ValueKind.DateOnly
        : type == typeof(TimeOnly) ? ValueKind.TimeOnly
        : type == typeof(BigInteger) || type == typeof(Int128) || type == typeof(UInt128) ? ValueKind.WideInteger
        : type == typeof(Half) ? ValueKind.Half
        : type == typeof(JsonElement) ? ValueKind.Json
        : null;

    private static ValueKind? OfName(Type type)
    {
        for (Type? level = type; level is not null; level = level.BaseType)
        {
            if (level.FullName is { } name && Named.TryGetValue(name, out int kind))
            {
                return (ValueKind)kind;
            }
        }

        return null;
    }

    private static ValueKind OfContract(Type type) =>
        type.IsPointer || type.IsByRefLike ? ValueKind.Opaque
        : typeof(IScriptExtent).IsAssignableFrom(type) ? ValueKind.Text
        : typeof(IDictionary).IsAssignableFrom(type) ? ValueKind.Dictionary
        : typeof(IEnumerable<byte>).IsAssignableFrom(type) ? ValueKind.Bytes
        : PairReader.IsDictionary(type) ? ValueKind.Pairs
        : typeof(IEnumerable).IsAssignableFrom(type) || typeof(IEnumerator).IsAssignableFrom(type) ? ValueKind.Sequence
        : ValueKind.Object;

    private static Dictionary<string, int> Table()
    {
        Dictionary<string, int> table = new(StringComparer.Ordinal);
        Add(
            ValueKind.Text,
            "System.Uri", "System.Version", "System.IntPtr", "System.UIntPtr", "System.Index", "System.Range", "System.Net.IPAddress", "System.Net.EndPoint",
            "System.Net.NetworkInformation.PhysicalAddress", "System.Net.Mail.MailAddress", "System.Globalization.CultureInfo",
            "System.Globalization.CompareInfo", "System.Text.RegularExpressions.Regex", "System.Text.StringBuilder", "System.Text.Rune",
            "System.Numerics.Complex", "System.Reflection.MemberInfo", "System.Reflection.Assembly", "System.Reflection.Module",
            "System.Xml.Linq.XObject", "System.Security.Principal.IdentityReference",
            "System.Management.Automation.SemanticVersion", "System.Management.Automation.ScriptBlock", "System.Management.Automation.Language.Ast",
            "System.Management.Automation.InformationalRecord", "System.Management.Automation.WildcardPattern",
            "System.Management.Automation.PSTypeName");
        Add(
            ValueKind.Opaque,
            "System.Delegate", "System.AppDomain", "System.WeakReference", "System.Reflection.Pointer", "System.Runtime.InteropServices.SafeHandle",
            "System.Runtime.InteropServices.CriticalHandle", "System.Runtime.InteropServices.GCHandle",
            "System.Runtime.Loader.AssemblyLoadContext", "System.Threading.Tasks.Task", "System.Threading.Thread", "System.Threading.CancellationToken",
            "System.Threading.CancellationTokenSource", "System.Threading.WaitHandle", "System.Threading.Timer", "System.Timers.Timer",
            "System.Threading.SynchronizationContext", "System.Threading.ExecutionContext", "System.IO.Stream", "System.IO.TextReader",
            "System.IO.TextWriter", "System.Management.Automation.Runspaces.Runspace", "System.Management.Automation.Runspaces.RunspacePool",
            "System.Management.Automation.Runspaces.Pipeline", "System.Management.Automation.Runspaces.InitialSessionState",
            "System.Management.Automation.Runspaces.TypeTable", "System.Management.Automation.PowerShell", "System.Management.Automation.SessionState",
            "System.Management.Automation.EngineIntrinsics", "System.Management.Automation.Host.PSHost",
            "System.Management.Automation.Host.PSHostUserInterface", "System.Management.Automation.Host.PSHostRawUserInterface",
            "System.Management.Automation.Internal.InternalCommand");
        Add(
            ValueKind.Entity,
            "System.IO.FileSystemInfo", "System.Diagnostics.Process", "System.ServiceProcess.ServiceController", "System.Management.Automation.CommandInfo",
            "System.Management.Automation.PSModuleInfo", "System.Management.Automation.PSDriveInfo",
            "System.Management.Automation.ProviderInfo", "System.Management.Automation.Job", "System.Management.Automation.Runspaces.PSSession",
            "Microsoft.Management.Infrastructure.CimClass");
        Add(ValueKind.Null, "System.Reflection.Missing", "System.Management.Automation.Language.NullString");
        Add(ValueKind.ByteArray, "System.Byte[]");
        Add(ValueKind.ByteStream, "System.IO.MemoryStream");
        Add(ValueKind.Secret, "System.Security.SecureString");
        Add(ValueKind.Credential, "System.Management.Automation.PSCredential");
        Add(ValueKind.NetworkCredential, "System.Net.NetworkCredential");
        Add(ValueKind.Error, "System.Management.Automation.ErrorRecord");
        Add(ValueKind.RegexGroup, "System.Text.RegularExpressions.Group");
        Add(ValueKind.Encoding, "System.Text.Encoding");
        Add(ValueKind.Xml, "System.Xml.XmlNode");
        Add(ValueKind.Json, "System.Text.Json.JsonDocument", "System.Text.Json.Nodes.JsonNode");
        Add(ValueKind.NameValues, "System.Collections.Specialized.NameValueCollection");
        Add(ValueKind.DataRow, "System.Data.DataRow", "System.Data.DataRowView");
        Add(ValueKind.DataTable, "System.Data.DataTable");
        Add(ValueKind.DataSet, "System.Data.DataSet");
        return table;

        void Add(ValueKind kind, params string[] names)
        {
            foreach (string name in names)
            {
                table.Add(name, (int)kind);
            }
        }
    }
}
