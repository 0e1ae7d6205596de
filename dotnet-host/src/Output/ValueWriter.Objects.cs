using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Management.Automation;

namespace Runspaced.Host.Output;

internal sealed partial class ValueWriter
{
    private void WriteObject(PSObject? wrapper, object target)
    {
        bool custom = target is PSCustomObject;
        if (!Enter(custom ? wrapper! : target, count: null))
        {
            return;
        }

        _objects += custom ? 0 : 1;
        _json.WriteStartObject();
        wrapper ??= PSObject.AsPSObject(target);
        if (HasSurface(out MemberSurface? surface, out ShapeCache? shapes) && shapes.For(wrapper, target) is { } shape)
        {
            WriteShaped(surface, shape, wrapper, target);
        }
        else
        {
            WriteEnumerated(wrapper, target);
        }

        _json.WriteEndObject();
        _objects -= custom ? 0 : 1;
        Leave();
    }

    // Looked for with the first object: a call that writes plain values does without.
    private bool HasSurface([NotNullWhen(true)] out MemberSurface? surface, [NotNullWhen(true)] out ShapeCache? shapes)
    {
        if (!_hasSurface)
        {
            _surface = _findSurface();
            _shapes = _surface is null ? null : new(_surface);
            _hasSurface = true;
        }

        surface = _surface;
        shapes = _shapes;
        return surface is not null && shapes is not null;
    }

    private void WriteShaped(MemberSurface surface, ObjectShape shape, PSObject? wrapper, object target)
    {
        PSMemberInfoCollection<PSMemberInfo>? own = surface.InstanceMembers(wrapper!);
        if (own is not null && !WriteOwnMembers(surface, own, shape, wrapper!))
        {
            return;
        }

        ShapeMember[] members = shape.Members;
        for (int index = 0; index < members.Length; index++)
        {
            ref readonly ShapeMember member = ref members[index];
            if (own?[member.Text] is PSPropertyInfo)
            {
                continue;
            }

            if (!MayGoOn(member.Text))
            {
                MarkRestOfObject(_stopped!.Value, members.Length - index);
                return;
            }

            _path.SetName(member.Text);
            object? value;
            try
            {
                value = member.Read(target, ref wrapper);
            }
            catch (Exception exception) when (!StopSignal.Is(exception))
            {
                if (!member.OmitIfThrows)
                {
                    _json.WritePropertyName(member.Name);
                    Marker.WriteError(_json, exception);
                }

                WatchClock();
                continue;
            }

            _json.WritePropertyName(member.Name);
            WriteValue(value);
            WatchClock();
        }
    }

    /// <summary>Writes the members that this one object has. False if a budget ended there.</summary>
    private bool WriteOwnMembers(MemberSurface surface, PSMemberInfoCollection<PSMemberInfo> own, ObjectShape shape, PSObject wrapper)
    {
        bool? drops = null;
        int count = surface.Count(own);
        for (int index = 0; index < count; index++)
        {
            if (surface.At(own, index) is not PSPropertyInfo { IsGettable: true } member || surface.IsHidden(member))
            {
                continue;
            }

            if (PropertyPolicy.IsProviderNote(member) && (drops ??= PropertyPolicy.DropsProviderNotes(wrapper)))
            {
                continue;
            }

            if (!MayGoOn(member.Name))
            {
                MarkRestOfObject(_stopped!.Value, CountProperties(surface, own, index) + shape.Members.Length);
                return false;
            }

            WriteProperty(member, omitIfThrows: false);
        }

        return true;
    }

    private static int CountProperties(MemberSurface surface, PSMemberInfoCollection<PSMemberInfo> own, int from)
    {
        int properties = 0;
        for (int index = surface.Count(own) - 1; index >= from; index--)
        {
            properties += surface.At(own, index) is PSPropertyInfo { IsGettable: true } member && !surface.IsHidden(member) ? 1 : 0;
        }

        return properties;
    }

    /// <summary>The public way: PowerShell lists the members of this one object.</summary>
    private void WriteEnumerated(PSObject wrapper, object target)
    {
        List<PSPropertyInfo> properties = [];
        try
        {
            properties.AddRange(wrapper.Properties);
        }
        catch (Exception exception) when (!StopSignal.Is(exception))
        {
            Marker.WriteErrorMember(_json, exception);
            return;
        }

        Type type = target.GetType();
        bool? drops = null;
        for (int index = 0; index < properties.Count; index++)
        {
            PSPropertyInfo property = properties[index];
            PropertyPolicy.Treatment treatment = PropertyPolicy.For(type, property.Name);
            if (treatment == PropertyPolicy.Treatment.Omit || !property.IsGettable
                || (PropertyPolicy.IsProviderNote(property) && (drops ??= PropertyPolicy.DropsProviderNotes(wrapper))))
            {
                continue;
            }

            if (!MayGoOn(property.Name))
            {
                MarkRestOfObject(_stopped!.Value, properties.Count - index);
                return;
            }

            WriteProperty(property, treatment == PropertyPolicy.Treatment.OmitIfThrows);
        }
    }

    private void WriteProperty(PSPropertyInfo property, bool omitIfThrows)
    {
        _path.SetName(property.Name);
        object? value;
        try
        {
            value = property.Value;
        }
        catch (Exception exception) when (!StopSignal.Is(exception))
        {
            if (!omitIfThrows)
            {
                _json.WritePropertyName(property.Name);
                Marker.WriteError(_json, exception);
            }

            WatchClock();
            return;
        }

        _json.WritePropertyName(property.Name);
        WriteValue(value);
        if (property is not PSNoteProperty)
        {
            WatchClock();
        }
    }

    private void WriteEntityName(object entity) => WriteTextOf(entity, static entity =>
        entity is FileSystemInfo item ? item.FullName
        : PSObject.AsPSObject(entity).Properties["Name"]?.Value?.ToString() ?? entity.ToString());
}
