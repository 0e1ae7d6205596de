using System;
using System.Management.Automation;

namespace Runspaced.Host.Slots;

/// <summary>
/// A record stream of a pipeline that keeps nothing: each record goes on at once, on the pipeline's thread, in the
/// order in which it was written. Reused from call to call.
/// </summary>
internal sealed class RecordSink<T>
{
    private readonly Action<T> _take;

    internal RecordSink(Action<T> take)
    {
        _take = take;
        Collection.DataAdded += OnAdded;
    }

    internal PSDataCollection<T> Collection { get; } = [];

    private void OnAdded(object? sender, DataAddedEventArgs arguments)
    {
        while (Collection.Count > 0)
        {
            T record = Collection[0];
            Collection.RemoveAt(0);
            _take(record);
        }
    }
}
