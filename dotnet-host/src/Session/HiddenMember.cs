using System;
using System.Collections.Concurrent;
using System.Reflection;
using System.Reflection.Emit;

namespace Runspaced.Host.Session;

/// <summary>
/// Members that PowerShell has but does not publish, looked up once and used through delegates. Everything here
/// answers null where a member is missing: the caller decides what it does without.
/// </summary>
internal static class HiddenMember
{
    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>The value of a property or field of an object, by reflection; for look-ups outside of calls.</summary>
    internal static object? Value(object? owner, string name)
    {
        if (owner is null)
        {
            return null;
        }

        for (Type? type = owner.GetType(); type is not null; type = type.BaseType)
        {
            if (type.GetProperty(name, Any | BindingFlags.DeclaredOnly) is { GetMethod: not null } property)
            {
                return property.GetValue(owner);
            }

            if (type.GetField(name, Any | BindingFlags.DeclaredOnly) is { } field)
            {
                return field.GetValue(owner);
            }
        }

        return null;
    }

    /// <summary>The value of a static property or field, by reflection.</summary>
    internal static object? StaticValue(Type? type, string name) =>
        type?.GetProperty(name, Any) is { GetMethod.IsStatic: true } property ? property.GetValue(null)
        : type?.GetField(name, Any) is { IsStatic: true } field ? field.GetValue(null)
        : null;

    /// <summary>A delegate that reads a property or field of this one object.</summary>
    internal static Func<T>? Reader<T>(object? owner, string name)
    {
        if (owner is null)
        {
            return null;
        }

        for (Type? type = owner.GetType(); type is not null; type = type.BaseType)
        {
            if (type.GetProperty(name, Any | BindingFlags.DeclaredOnly)?.GetMethod is { IsStatic: false } getter
                && Suits<T>(getter.ReturnType))
            {
                return getter.CreateDelegate<Func<T>>(owner);
            }

            if (type.GetField(name, Any | BindingFlags.DeclaredOnly) is { IsStatic: false } field && Suits<T>(field.FieldType))
            {
                return FieldReader<T>(field, owner);
            }
        }

        return null;
    }

    /// <summary>A delegate that writes a property of this one object.</summary>
    internal static Action<T>? Writer<T>(object? owner, string name)
    {
        for (Type? type = owner?.GetType(); type is not null; type = type.BaseType)
        {
            if (type.GetProperty(name, Any | BindingFlags.DeclaredOnly)?.SetMethod is { IsStatic: false } setter
                && setter.GetParameters()[0].ParameterType == typeof(T))
            {
                return setter.CreateDelegate<Action<T>>(owner);
            }
        }

        return null;
    }

    /// <summary>Sets a property of an object, by reflection. False if there is none.</summary>
    internal static bool Set(object owner, string name, object? value)
    {
        if (owner.GetType().GetProperty(name, Any) is not { SetMethod: not null } property)
        {
            return false;
        }

        property.SetValue(owner, value);
        return true;
    }

    private static bool Suits<T>(Type type) => type == typeof(T) || (!type.IsValueType && typeof(T).IsAssignableFrom(type));

    /// <summary>A delegate that reads a static field.</summary>
    internal static Func<T?>? StaticReader<T>(Type type, string name)
        where T : class
    {
        if (type.GetField(name, Any) is not { IsStatic: true } field || !typeof(T).IsAssignableFrom(field.FieldType))
        {
            return null;
        }

        DynamicMethod method = new("Read", typeof(T), Type.EmptyTypes, type.Module, skipVisibility: true);
        ILGenerator code = method.GetILGenerator();
        code.Emit(OpCodes.Ldsfld, field);
        code.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<T?>>();
    }

    /// <summary>A delegate that reads a field, which holds a reference, of any object of that type.</summary>
    internal static Func<T, object?>? FieldReader<T>(string name)
        where T : class
    {
        if (typeof(T).GetField(name, Any) is not { IsStatic: false, FieldType.IsValueType: false } field)
        {
            return null;
        }

        DynamicMethod method = new("Read", typeof(object), [typeof(T)], typeof(T).Module, skipVisibility: true);
        ILGenerator code = method.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldfld, field);
        code.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<T, object?>>();
    }

    // Every runspace has such objects of its own, and code of each would be compiled anew.
    private static Func<T> FieldReader<T>(FieldInfo field, object owner)
    {
        Func<object, T> read = Compiled<T>.Readers.GetOrAdd(field, static field => CompileReader<T>(field));
        return () => read(owner);
    }

    private static Func<object, T> CompileReader<T>(FieldInfo field)
    {
        Type declaring = field.DeclaringType!;
        DynamicMethod method = new("Read", typeof(T), [typeof(object)], declaring.Module, skipVisibility: true);
        ILGenerator code = method.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Castclass, declaring);
        code.Emit(OpCodes.Ldfld, field);
        code.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<object, T>>();
    }

    private static class Compiled<T>
    {
        internal static readonly ConcurrentDictionary<FieldInfo, Func<object, T>> Readers = new();
    }
}
