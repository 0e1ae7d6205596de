using System;
using System.Collections;
using System.Collections.Generic;
using System.Collections.Specialized;
using System.Data;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using System.Net;
using System.Net.NetworkInformation;
using System.Numerics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using System.Xml;
using System.Xml.Linq;

namespace Runspaced.Host.Output;

/// <summary>
/// The <see cref="ValueKind"/> of every type met so far. Types are held weakly: those of a script's classes can be
/// collected.
/// </summary>
internal static class TypeKinds
{
    private static readonly ConditionalWeakTable<Type, StrongBox<ValueKind>> Known = new();

    private static readonly Type[] Texts =
    [
        typeof(Uri), typeof(Version), typeof(IPAddress), typeof(EndPoint), typeof(PhysicalAddress), typeof(CultureInfo),
        typeof(Regex), typeof(StringBuilder), typeof(Rune), typeof(Complex), typeof(MemberInfo), typeof(Assembly),
        typeof(Module), typeof(ScriptBlock), typeof(Ast), typeof(IScriptExtent), typeof(CompareInfo),
        typeof(XObject), typeof(InformationalRecord), typeof(WildcardPattern), typeof(Index), typeof(Range), typeof(PSTypeName),
        typeof(IntPtr), typeof(UIntPtr),
    ];

    private static readonly Type[] Opaques =
    [
        typeof(Delegate), typeof(Pointer), typeof(SafeHandle), typeof(CriticalHandle), typeof(Task), typeof(Thread),
        typeof(CancellationToken), typeof(CancellationTokenSource), typeof(WaitHandle), typeof(Timer), typeof(System.Timers.Timer),
        typeof(Stream), typeof(TextReader), typeof(TextWriter), typeof(Runspace), typeof(RunspacePool), typeof(PowerShell),
        typeof(PSHost), typeof(PSHostUserInterface), typeof(PSHostRawUserInterface), typeof(SessionState), typeof(EngineIntrinsics),
        typeof(InitialSessionState), typeof(Cmdlet), typeof(System.Runtime.Loader.AssemblyLoadContext), typeof(AppDomain),
        typeof(SynchronizationContext), typeof(ExecutionContext), typeof(GCHandle), typeof(WeakReference),
    ];

    private static readonly Type[] Entities =
    [
        typeof(FileSystemInfo), typeof(Process), typeof(CommandInfo), typeof(PSModuleInfo), typeof(PSDriveInfo), typeof(ProviderInfo),
        typeof(Job), typeof(PSSession), typeof(TypeTable),
    ];

    // Types of assemblies that are not referenced here, by name.
    private static readonly HashSet<string> TextNames =
    [
        "System.Management.Automation.SemanticVersion",
        "System.Net.Mail.MailAddress",
        "System.Security.Principal.SecurityIdentifier",
        "System.Security.Principal.NTAccount",
    ];

    private static readonly HashSet<string> EntityNames =
    [
        "System.ServiceProcess.ServiceController",
        "Microsoft.Management.Infrastructure.CimClass",
    ];

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
                return type.IsValueType ? OfStruct(type) : OfClass(type);
        }
    }

    private static ValueKind OfStruct(Type type) =>
        type == typeof(SwitchParameter) ? ValueKind.Switch
        : type == typeof(Guid) ? ValueKind.Guid
        : type == typeof(TimeSpan) ? ValueKind.TimeSpan
        : type == typeof(DateTimeOffset) ? ValueKind.DateTimeOffset
        : type == typeof(DateOnly) ? ValueKind.DateOnly
        : type == typeof(TimeOnly) ? ValueKind.TimeOnly
        : type == typeof(BigInteger) || type == typeof(Int128) || type == typeof(UInt128) ? ValueKind.WideInteger
        : type == typeof(Half) ? ValueKind.Half
        : type == typeof(JsonElement) ? ValueKind.Json
        : OfAny(type);

    private static ValueKind OfClass(Type type) =>
        type == typeof(byte[]) ? ValueKind.ByteArray
        : type == typeof(SecureString) ? ValueKind.Secret
        : type == typeof(PSCredential) ? ValueKind.Credential
        : type == typeof(NetworkCredential) ? ValueKind.NetworkCredential
        : type == typeof(Missing) || type.FullName == "System.Management.Automation.Language.NullString" ? ValueKind.Null
        : typeof(ErrorRecord).IsAssignableFrom(type) ? ValueKind.Error
        : typeof(Group).IsAssignableFrom(type) ? ValueKind.RegexGroup
        : typeof(Encoding).IsAssignableFrom(type) ? ValueKind.Encoding
        : typeof(XmlNode).IsAssignableFrom(type) ? ValueKind.Xml
        : typeof(JsonNode).IsAssignableFrom(type) || type == typeof(JsonDocument) ? ValueKind.Json
        : typeof(MemoryStream).IsAssignableFrom(type) ? ValueKind.ByteStream
        : typeof(DataRow).IsAssignableFrom(type) || type == typeof(DataRowView) ? ValueKind.DataRow
        : typeof(DataTable).IsAssignableFrom(type) ? ValueKind.DataTable
        : typeof(DataSet).IsAssignableFrom(type) ? ValueKind.DataSet
        : typeof(NameValueCollection).IsAssignableFrom(type) ? ValueKind.NameValues
        : OfAny(type);

    private static ValueKind OfAny(Type type)
    {
        if (Matches(type, Texts) || Named(type, TextNames))
        {
            return ValueKind.Text;
        }

        if (type.IsPointer || type.IsByRefLike || Matches(type, Opaques))
        {
            return ValueKind.Opaque;
        }

        if (Matches(type, Entities) || Named(type, EntityNames))
        {
            return ValueKind.Entity;
        }

        if (typeof(IDictionary).IsAssignableFrom(type))
        {
            return ValueKind.Dictionary;
        }

        if (typeof(IEnumerable<byte>).IsAssignableFrom(type))
        {
            return ValueKind.Bytes;
        }

        return PairReader.IsDictionary(type) ? ValueKind.Pairs
            : typeof(IEnumerable).IsAssignableFrom(type) || typeof(IEnumerator).IsAssignableFrom(type) ? ValueKind.Sequence
            : ValueKind.Object;
    }

    private static bool Matches(Type type, Type[] bases)
    {
        foreach (Type candidate in bases)
        {
            if (candidate.IsAssignableFrom(type))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Named(Type type, HashSet<string> names)
    {
        for (Type? level = type; level is not null; level = level.BaseType)
        {
            if (level.FullName is { } name && names.Contains(name))
            {
                return true;
            }
        }

        return false;
    }
}
