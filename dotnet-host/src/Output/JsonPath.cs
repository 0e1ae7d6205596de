using System;
using System.Globalization;
using System.Text;

namespace Runspaced.Host.Output;

/// <summary>Where the writer is in the output document. Setting a step is cheap; the text is made only when asked for.</summary>
internal sealed class JsonPath
{
    private const int LongestName = 200;

    private Step[] _steps = new Step[16];
    private int _length;

    private struct Step
    {
        internal string? Name;
        internal long Index;
    }

    internal int Length => _length;

    internal void Start(long index)
    {
        _length = 0;
        Push();
        SetIndex(index);
    }

    internal void Clear() => _length = 0;

    /// <summary>One level down; the step itself follows with <see cref="SetName"/> or <see cref="SetIndex"/>.</summary>
    internal void Push()
    {
        if (_length == _steps.Length)
        {
            Array.Resize(ref _steps, _length * 2);
        }

        _length++;
    }

    internal void Pop() => _length--;

    /// <summary>Drops what lies below <paramref name="length"/>: after an exception the levels were not popped.</summary>
    internal void CutTo(int length) => _length = Math.Min(_length, length);

    internal void SetName(string name)
    {
        ref Step step = ref _steps[_length - 1];
        step.Name = name;
    }

    internal void SetIndex(long index)
    {
        ref Step step = ref _steps[_length - 1];
        step.Name = null;
        step.Index = index;
    }

    /// <summary>The path as a JSON pointer.</summary>
    internal string ToPointer()
    {
        if (_length == 0)
        {
            return string.Empty;
        }

        StringBuilder pointer = new();
        for (int level = 0; level < _length; level++)
        {
            ref readonly Step step = ref _steps[level];
            pointer.Append('/');
            if (step.Name is { } name)
            {
                string kept = name.Length > LongestName ? string.Concat(name.AsSpan(0, TextBoundary.Before(name, LongestName)), "…") : name;
                pointer.Append(kept.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
            }
            else
            {
                pointer.Append(step.Index.ToString(CultureInfo.InvariantCulture));
            }
        }

        return pointer.ToString();
    }
}
