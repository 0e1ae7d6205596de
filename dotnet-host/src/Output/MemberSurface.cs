using System;
using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using System.Reflection.Emit;

namespace Runspaced.Host.Output;

/// <summary>
/// Quick ways to an object's members that PowerShell has but does not publish. Enumerating
/// <see cref="PSObject.Properties"/> copies every member of an object, 2 us a property; these cost a tenth. A version
/// without them is served through <see cref="PSObject.Properties"/>, slower and with the same result.
/// </summary>
internal sealed class MemberSurface
{
    private const BindingFlags Hidden = BindingFlags.Instance | BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public;

    private MemberSurface(
        Func<object, PSMemberInfoCollection<PSMemberInfo>?> instanceMembers,
        Func<PSObject, PSMemberInfoCollection<PSMemberInfo>?> typeMembers,
        Func<PSMemberInfoCollection<PSMemberInfo>, int> count,
        Func<PSMemberInfoCollection<PSMemberInfo>, int, PSMemberInfo?> at,
        Func<PSMemberInfo, bool> isHidden,
        Func<PSObject, bool> isDeserialized,
        Func<PSProperty, object?> adapter)
    {
        InstanceMembers = instanceMembers;
        TypeMembers = typeMembers;
        Count = count;
        At = at;
        IsHidden = isHidden;
        IsDeserialized = isDeserialized;
        Adapter = adapter;
    }

    /// <summary>Null if this PowerShell lacks one of them.</summary>
    internal static MemberSurface? Instance { get; } = TryBind();

    /// <summary>Members added to one object; null if it has none. The collection is the object's own.</summary>
    internal Func<object, PSMemberInfoCollection<PSMemberInfo>?> InstanceMembers { get; }

    /// <summary>
    /// Members the type data of the runspace gives an object of these type names. The same collection until the type data
    /// changes, so that it identifies what was learned from it.
    /// </summary>
    internal Func<PSObject, PSMemberInfoCollection<PSMemberInfo>?> TypeMembers { get; }

    internal Func<PSMemberInfoCollection<PSMemberInfo>, int> Count { get; }

    internal Func<PSMemberInfoCollection<PSMemberInfo>, int, PSMemberInfo?> At { get; }

    internal Func<PSMemberInfo, bool> IsHidden { get; }

    /// <summary>True for objects that came from another session: their adapted members are in the object, not in its type.</summary>
    internal Func<PSObject, bool> IsDeserialized { get; }

    /// <summary>The adapter a property comes from.</summary>
    internal Func<PSProperty, object?> Adapter { get; }

    private static MemberSurface? TryBind()
    {
        try
        {
            return Bind();
        }
        catch (Exception)
        {
            // Whatever is missing or different: the public way remains.
            return null;
        }
    }

    private static MemberSurface? Bind()
    {
        MethodInfo? hasInstanceMembers = typeof(PSObject).GetMethod("HasInstanceMembers", Hidden);
        MethodInfo? getTypeTable = typeof(PSObject).GetMethod("GetTypeTable", Hidden, Type.EmptyTypes);
        MethodInfo? typeNames = typeof(PSObject).GetProperty("InternalTypeNames", Hidden)?.GetMethod;
        MethodInfo? isDeserialized = typeof(PSObject).GetProperty("IsDeserialized", Hidden)?.GetMethod;
        MethodInfo? isHidden = typeof(PSMemberInfo).GetProperty("IsHidden", Hidden)?.GetMethod;
        FieldInfo? adapter = typeof(PSProperty).GetField("adapter", Hidden);
        if (hasInstanceMembers is null || getTypeTable is null || typeNames is null || isDeserialized is null
            || isHidden is null || adapter is null)
        {
            return null;
        }

        Type? members = hasInstanceMembers.GetParameters()[1].ParameterType.GetElementType();
        MethodInfo? getMembers = members is null ? null : typeof(TypeTable).GetMethod("GetMembers", genericParameterCount: 0, Hidden, [typeNames.ReturnType]);
        MethodInfo? count = members?.GetProperty("Count", Hidden)?.GetMethod;
        MethodInfo? at = members?.GetMethod("get_Item", Hidden, [typeof(int)]);
        if (members is null || getMembers is null || count is null || at is null
            || !typeof(PSMemberInfoCollection<PSMemberInfo>).IsAssignableFrom(members)
            || !typeof(Collection<string>).IsAssignableFrom(typeNames.ReturnType))
        {
            return null;
        }

        return new(
            InstanceMembersOf(hasInstanceMembers, members),
            TypeMembersOf(getTypeTable, typeNames, getMembers),
            Forward<Func<PSMemberInfoCollection<PSMemberInfo>, int>>(count, members),
            Forward<Func<PSMemberInfoCollection<PSMemberInfo>, int, PSMemberInfo?>>(at, members),
            isHidden.CreateDelegate<Func<PSMemberInfo, bool>>(),
            isDeserialized.CreateDelegate<Func<PSObject, bool>>(),
            property => adapter.GetValue(property));
    }

    // object target => PSObject.HasInstanceMembers(target, out var members) ? members : null
    private static Func<object, PSMemberInfoCollection<PSMemberInfo>?> InstanceMembersOf(MethodInfo hasInstanceMembers, Type members)
    {
        DynamicMethod method = Method(typeof(PSMemberInfoCollection<PSMemberInfo>), typeof(object));
        ILGenerator il = method.GetILGenerator();
        LocalBuilder found = il.DeclareLocal(members);
        Label none = il.DefineLabel();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldloca, found);
        il.Emit(OpCodes.Call, hasInstanceMembers);
        il.Emit(OpCodes.Brfalse_S, none);
        il.Emit(OpCodes.Ldloc, found);
        il.Emit(OpCodes.Ret);
        il.MarkLabel(none);
        il.Emit(OpCodes.Ldnull);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<object, PSMemberInfoCollection<PSMemberInfo>?>>();
    }

    // PSObject target => target.GetTypeTable()?.GetMembers(target.InternalTypeNames)
    private static Func<PSObject, PSMemberInfoCollection<PSMemberInfo>?> TypeMembersOf(
        MethodInfo getTypeTable, MethodInfo typeNames, MethodInfo getMembers)
    {
        DynamicMethod method = Method(typeof(PSMemberInfoCollection<PSMemberInfo>), typeof(PSObject));
        ILGenerator il = method.GetILGenerator();
        LocalBuilder table = il.DeclareLocal(typeof(TypeTable));
        Label none = il.DefineLabel();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Call, getTypeTable);
        il.Emit(OpCodes.Stloc, table);
        il.Emit(OpCodes.Ldloc, table);
        il.Emit(OpCodes.Brfalse_S, none);
        il.Emit(OpCodes.Ldloc, table);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Call, typeNames);
        il.Emit(OpCodes.Call, getMembers);
        il.Emit(OpCodes.Ret);
        il.MarkLabel(none);
        il.Emit(OpCodes.Ldnull);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<PSObject, PSMemberInfoCollection<PSMemberInfo>?>>();
    }

    // (members, arguments) => ((TheirType)members).Target(arguments)
    private static TDelegate Forward<TDelegate>(MethodInfo target, Type members)
        where TDelegate : Delegate
    {
        ParameterInfo[] parameters = target.GetParameters();
        Type[] types = new Type[parameters.Length + 1];
        types[0] = typeof(PSMemberInfoCollection<PSMemberInfo>);
        for (int index = 0; index < parameters.Length; index++)
        {
            types[index + 1] = parameters[index].ParameterType;
        }

        DynamicMethod method = Method(target.ReturnType, types);
        ILGenerator il = method.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Castclass, members);
        for (int index = 1; index < types.Length; index++)
        {
            il.Emit(OpCodes.Ldarg, index);
        }

        il.Emit(OpCodes.Callvirt, target);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<TDelegate>();
    }

    private static DynamicMethod Method(Type result, params Type[] parameters) =>
        new("Runspaced", result, parameters, typeof(PSObject).Module, skipVisibility: true);
}
