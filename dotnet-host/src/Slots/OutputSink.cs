using System;
using System.Collections;
using System.Collections.Generic;
using System.Management.Automation;

namespace Runspaced.Host.Slots;

/// <summary>
/// The list a pipeline puts its output in, which is always empty: each value is handed on where it would be
/// inserted, on the pipeline's thread.
/// </summary>
internal sealed class OutputSink(Action<PSObject> take) : IList<PSObject>
{
    public int Count => 0;

    public bool IsReadOnly => false;

    public PSObject this[int index]
    {
        get => throw new ArgumentOutOfRangeException(nameof(index));
        set => take(value);
    }

    public void Add(PSObject item) => take(item);

    public void Insert(int index, PSObject item) => take(item);

    public void Clear()
    {
    }

    public bool Contains(PSObject item) => false;

    public void CopyTo(PSObject[] array, int arrayIndex)
    {
    }

    public int IndexOf(PSObject item) => -1;

    public bool Remove(PSObject item) => false;

    public void RemoveAt(int index) => throw new ArgumentOutOfRangeException(nameof(index));

    public IEnumerator<PSObject> GetEnumerator()
    {
        yield break;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
