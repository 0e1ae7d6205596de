using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Runtime.CompilerServices;

namespace Runspaced.Host.Output;

/// <summary>The shapes a slot has learned. Shapes depend on the type data of a runspace, so that each slot has its own.</summary>
internal sealed class ShapeCache(MemberSurface surface)
{
    // Types of scripts and outdated type data would pile up otherwise; learning again is cheap.
    private const int MostShapes = 500;

    private readonly Dictionary<Key, ObjectShape?> _shapes = [];
    private Key _last;
    private ObjectShape? _lastShape;

    private readonly struct Key(Type type, object? typeMembers) : IEquatable<Key>
    {
        private readonly Type _type = type;
        private readonly object? _typeMembers = typeMembers;

        public bool Equals(Key other) => ReferenceEquals(_type, other._type) && ReferenceEquals(_typeMembers, other._typeMembers);

        public override bool Equals(object? other) => other is Key key && Equals(key);

        public override int GetHashCode() =>
            HashCode.Combine(RuntimeHelpers.GetHashCode(_type), _typeMembers is null ? 0 : RuntimeHelpers.GetHashCode(_typeMembers));
    }

    /// <summary>The shape of an object; null if its members have to be listed.</summary>
    internal ObjectShape? For(PSObject wrapper, object target)
    {
        // These share a .NET type and type data with objects that are what they look like.
        if (surface.IsDeserialized(wrapper) || wrapper.ImmediateBaseObject is PSObject)
        {
            return null;
        }

        PSMemberInfoCollection<PSMemberInfo>? typeMembers = surface.TypeMembers(wrapper);
        Key key = new(target.GetType(), typeMembers);
        if (key.Equals(_last))
        {
            return _lastShape;
        }

        if (!_shapes.TryGetValue(key, out ObjectShape? shape))
        {
            if (!ObjectShape.CanLearnFrom(surface, wrapper, target))
            {
                return null;
            }

            if (_shapes.Count >= MostShapes)
            {
                _shapes.Clear();
            }

            shape = ObjectShape.TryLearn(surface, wrapper, target, typeMembers);
            _shapes.Add(key, shape);
        }

        _last = key;
        _lastShape = shape;
        return shape;
    }
}
