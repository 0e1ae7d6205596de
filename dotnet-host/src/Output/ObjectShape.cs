using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Reflection;

namespace Runspaced.Host.Output;

/// <summary>
/// The properties that all objects of a type have under the same type data: what is learned from the first object
/// serves the others. Members of single objects are not part of it.
/// </summary>
internal sealed class ObjectShape
{
    private ObjectShape(ShapeMember[] members) => Members = members;

    internal ShapeMember[] Members { get; }

    /// <summary>
    /// True if the members of this one object hide none that the next object shows: then it stands for its type.
    /// </summary>
    internal static bool CanLearnFrom(MemberSurface surface, PSObject wrapper, object target)
    {
        if (target is not PSCustomObject && surface.InstanceMembers(wrapper) is { } own)
        {
            foreach (PSMemberInfo member in own)
            {
                if (member is PSPropertyInfo && ReachAnyCase(target.GetType(), member.Name) is not null)
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>
    /// Learns the shape from an object; null if its members are not those of its .NET type (another adapter), so that each object has to be enumerated.
    /// </summary>
    internal static ObjectShape? TryLearn(
        MemberSurface surface, PSObject wrapper, object target, PSMemberInfoCollection<PSMemberInfo>? typeMembers)
    {
        Type type = target.GetType();
        List<ShapeMember> adapted = [];
        if (target is not PSCustomObject && !TryAddAdapted(surface, wrapper, type, adapted))
        {
            return null;
        }

        // Extended members come first and hide adapted ones of the same name, as everywhere in PowerShell.
        List<ShapeMember> members = [];
        HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);
        if (typeMembers is not null)
        {
            foreach (PSMemberInfo member in typeMembers)
            {
                if (member is PSPropertyInfo && !surface.IsHidden(member) && names.Add(member.Name))
                {
                    AddExtended(type, member, members);
                }
            }
        }

        foreach (ShapeMember member in adapted)
        {
            if (names.Add(member.Text))
            {
                members.Add(member);
            }
        }

        return new(members.ToArray());
    }

    private static bool TryAddAdapted(MemberSurface surface, PSObject wrapper, Type type, List<ShapeMember> adapted)
    {
        HashSet<string> names = new(StringComparer.OrdinalIgnoreCase);
        foreach (PSPropertyInfo property in wrapper.Properties)
        {
            if (property is not PSProperty adaptedProperty)
            {
                continue;
            }

            if (surface.Adapter(adaptedProperty)?.GetType().Name != "DotNetAdapter")
            {
                return false;
            }

            if (property.IsGettable && PropertyPolicy.For(type, property.Name) != PropertyPolicy.Treatment.Omit && names.Add(property.Name))
            {
                // What the type does not declare itself is the property of an interface.
                adapted.Add(Reach(type, property.Name) ?? ShapeMember.OfLookup(property.Name, omitIfThrows: false));
            }
        }

        return true;
    }

    /// <summary>The public property or field of a type; null if there is none to be written.</summary>
    private static ShapeMember? Reach(Type type, string name)
    {
        PropertyPolicy.Treatment treatment = PropertyPolicy.For(type, name);
        if (treatment == PropertyPolicy.Treatment.Omit)
        {
            return null;
        }

        const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly;
        for (Type? level = type; level is not null; level = level.BaseType)
        {
            if (level.GetProperty(name, Declared, null, null, Type.EmptyTypes, null) is { GetMethod: { IsPublic: true } getter } property)
            {
                return IsReadable(property.PropertyType)
                    ? ShapeMember.OfGetter(name, getter, treatment == PropertyPolicy.Treatment.OmitIfThrows)
                    : null;
            }

            if (level.GetField(name, Declared) is { } field)
            {
                return IsReadable(field.FieldType) ? ShapeMember.OfField(name, field) : null;
            }
        }

        return null;
    }

    /// <summary>The same for a name in any case, as type data and added members have it.</summary>
    private static ShapeMember? ReachAnyCase(Type type, string name)
    {
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public))
        {
            if (string.Equals(property.Name, name, StringComparison.OrdinalIgnoreCase))
            {
                return Reach(type, property.Name);
            }
        }

        return null;
    }

    private static bool IsReadable(Type type) => !type.IsByRef && !type.IsByRefLike && !type.IsPointer;

    private static void AddExtended(Type type, PSMemberInfo member, List<ShapeMember> members)
    {
        PropertyPolicy.Treatment treatment = PropertyPolicy.For(type, member.Name);
        if (treatment == PropertyPolicy.Treatment.Omit)
        {
            return;
        }

        bool omitIfThrows = treatment == PropertyPolicy.Treatment.OmitIfThrows;
        switch (member)
        {
            case PSAliasProperty { ConversionType: null } alias when ReachAnyCase(type, alias.ReferencedMemberName) is { } target:
                members.Add(target.Alias(member.Name));
                break;
            case PSCodeProperty { GetterCodeReference: { IsStatic: true } getter } when getter.GetParameters().Length == 1:
                members.Add(ShapeMember.OfCode(member.Name, getter, omitIfThrows));
                break;
            case PSNoteProperty note and not PSVariableProperty:
                members.Add(ShapeMember.OfConstant(member.Name, note.Value));
                break;
            case PSAliasProperty or PSPropertyInfo { IsGettable: true }:
                members.Add(ShapeMember.OfLookup(member.Name, omitIfThrows));
                break;
        }
    }
}
