using System;
using System.Collections;
using System.Collections.Specialized;
using System.Data;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Management.Automation;

namespace Runspaced.Host.Output;

internal sealed partial class ValueWriter
{
    private void WriteSequence(object sequence, object identity)
    {
        if (!TryCount(sequence, out int? count))
        {
            return;
        }

        if (count == 0)
        {
            _json.WriteStartArray();
            _json.WriteEndArray();
            return;
        }

        if (!Enter(identity, count))
        {
            return;
        }

        _json.WriteStartArray();
        if (sequence is IList list && sequence is not Array { Rank: > 1 })
        {
            WriteList(list, count ?? 0);
        }
        else
        {
            WriteEntries(sequence, count);
        }

        _json.WriteEndArray();
        Leave();
    }

    /// <summary>The count of a collection, null if only counting would tell; on failure the mark is written.</summary>
    private bool TryCount(object sequence, out int? count)
    {
        count = null;
        try
        {
            count = (sequence as ICollection)?.Count;
            return true;
        }
        catch (Exception exception) when (!StopSignal.Is(exception))
        {
            Marker.WriteError(_json, exception);
            return false;
        }
    }

    // By index: the enumerators of some lists wait for more (the output of a running job) or mind a change.
    private void WriteList(IList list, int count)
    {
        bool foreign = list is not Array;
        for (int index = 0; index < count; index++)
        {
            _path.SetIndex(index);
            if (!MayGoOn() || index >= _limits.Items)
            {
                MarkRestOfArray(_stopped ?? CutReason.Items, count - index);
                return;
            }

            object? entry;
            try
            {
                entry = list[index];
            }
            catch (Exception exception) when (!StopSignal.Is(exception))
            {
                Marker.WriteError(_json, exception);
                return;
            }

            WriteValue(entry);
            if (foreign)
            {
                WatchClock();
            }
        }
    }

    private void WriteEntries(object sequence, int? count)
    {
        if (!TryEnumerate(sequence, out IEnumerator? entries))
        {
            return;
        }

        try
        {
            for (int index = 0; ; index++)
            {
                _path.SetIndex(index);
                if (!MayGoOn())
                {
                    MarkRestOfArray(_stopped!.Value, count - index);
                    return;
                }

                if (!TryNext(entries, out object? entry, out Exception? failure))
                {
                    if (failure is not null)
                    {
                        Marker.WriteError(_json, failure);
                    }

                    return;
                }

                if (index >= _limits.Items)
                {
                    MarkRestOfArray(CutReason.Items, count - index);
                    return;
                }

                WriteValue(entry);
                WatchClock();
            }
        }
        finally
        {
            // An enumerator that was handed in is not ours to end.
            if (!ReferenceEquals(entries, sequence))
            {
                End(entries);
            }
        }
    }

    private bool TryEnumerate(object sequence, [NotNullWhen(true)] out IEnumerator? entries)
    {
        try
        {
            // In this order: the iterators of C# are both, and as an enumerator they have not begun.
            entries = (sequence as IEnumerable)?.GetEnumerator() ?? (IEnumerator)sequence;
            return true;
        }
        catch (Exception exception) when (!StopSignal.Is(exception))
        {
            Marker.WriteError(_json, exception);
            entries = null;
            return false;
        }
    }

    private static bool TryNext(IEnumerator entries, out object? entry, out Exception? failure)
    {
        entry = null;
        failure = null;
        try
        {
            if (!entries.MoveNext())
            {
                return false;
            }

            entry = entries.Current;
            return true;
        }
        catch (Exception exception) when (!StopSignal.Is(exception))
        {
            failure = exception;
            return false;
        }
    }

    private static void End(IEnumerator entries)
    {
        try
        {
            (entries as IDisposable)?.Dispose();
        }
        catch (Exception exception) when (!StopSignal.Is(exception))
        {
            // Everything that was wanted from it is written.
        }
    }

    private void WriteDictionary(IDictionary dictionary)
    {
        if (!TryCount(dictionary, out int? count) || !TryStartObject(dictionary, count))
        {
            return;
        }

        IDictionaryEnumerator? entries = null;
        try
        {
            entries = dictionary.GetEnumerator();
        }
        catch (Exception exception) when (!StopSignal.Is(exception))
        {
            Marker.WriteErrorMember(_json, exception);
        }

        if (entries is not null)
        {
            WriteMembers(entries, count, static entries => (((IDictionaryEnumerator)entries).Key, ((IDictionaryEnumerator)entries).Value));
        }

        EndObject();
    }

    private void WritePairs(IEnumerable pairs)
    {
        if (!TryCount(pairs, out int? count) || !TryStartObject(pairs, count))
        {
            return;
        }

        IEnumerator? entries = null;
        try
        {
            entries = pairs.GetEnumerator();
        }
        catch (Exception exception) when (!StopSignal.Is(exception))
        {
            Marker.WriteErrorMember(_json, exception);
        }

        if (entries is not null)
        {
            WriteMembers(entries, count, static entries =>
            {
                object pair = entries.Current!;
                PairReader reader = PairReader.For(pair) ?? throw new InvalidOperationException($"{pair.GetType()} is no pair of key and value.");
                return (reader.Key(pair), reader.Value(pair));
            });
        }

        EndObject();
    }

    private void WriteMembers(IEnumerator entries, int? count, Func<IEnumerator, (object? Key, object? Value)> read)
    {
        try
        {
            for (int index = 0; ; index++)
            {
                if (!MayGoOn())
                {
                    MarkRestOfObject(_stopped!.Value, count - index);
                    return;
                }

                string name;
                object? value;
                try
                {
                    if (!entries.MoveNext())
                    {
                        return;
                    }

                    (object? key, value) = read(entries);
                    name = NameOf(key);
                }
                catch (Exception exception) when (!StopSignal.Is(exception))
                {
                    Marker.WriteErrorMember(_json, exception);
                    return;
                }

                if (!MayGoOn(name) || index >= _limits.Items)
                {
                    MarkRestOfObject(_stopped ?? CutReason.Items, count - index);
                    return;
                }

                WriteName(name);
                WriteValue(value);
                WatchClock();
            }
        }
        finally
        {
            End(entries);
        }
    }

    private static string NameOf(object? key) => key switch
    {
        null => string.Empty,
        string name => name,
        PSObject { BaseObject: string name } => name,
        IFormattable value => value.ToString(null, CultureInfo.InvariantCulture) ?? string.Empty,
        _ => key.ToString() ?? string.Empty,
    };

    private void WriteNameValues(object value)
    {
        NameValueCollection collection = (NameValueCollection)value;
        if (!TryStartObject(collection, collection.Count))
        {
            return;
        }

        int count = collection.Count;
        for (int index = 0; index < count; index++)
        {
            string name = collection.GetKey(index) ?? string.Empty;
            if (!MayGoOn(name) || index >= _limits.Items)
            {
                MarkRestOfObject(_stopped ?? CutReason.Items, count - index);
                break;
            }

            WriteName(name);
            WriteValue(collection.Get(index));
        }

        EndObject();
    }

    private void WriteRow(object value)
    {
        DataRow row = value as DataRow ?? ((DataRowView)value).Row;
        DataColumnCollection columns = row.Table.Columns;
        if (!TryStartObject(row, columns.Count))
        {
            return;
        }

        for (int index = 0; index < columns.Count; index++)
        {
            string name = columns[index].ColumnName;
            if (!MayGoOn(name))
            {
                MarkRestOfObject(_stopped!.Value, columns.Count - index);
                break;
            }

            object? cell;
            try
            {
                cell = row[index];
            }
            catch (Exception exception) when (!StopSignal.Is(exception))
            {
                // A deleted row has no values.
                WriteName(name);
                Marker.WriteError(_json, exception);
                continue;
            }

            WriteName(name);
            WriteValue(cell);
        }

        EndObject();
    }

    private void WriteTable(object table) => WriteSequence(((DataTable)table).Rows, table);

    private void WriteTables(object value)
    {
        DataSet set = (DataSet)value;
        if (!TryStartObject(set, set.Tables.Count))
        {
            return;
        }

        for (int index = 0; index < set.Tables.Count; index++)
        {
            string name = set.Tables[index].TableName;
            if (!MayGoOn(name) || index >= _limits.Items)
            {
                MarkRestOfObject(_stopped ?? CutReason.Items, set.Tables.Count - index);
                break;
            }

            WriteName(name);
            WriteValue(set.Tables[index]);
        }

        EndObject();
    }

    /// <summary>Goes into an object; false if a mark or an empty object stands in its place.</summary>
    private bool TryStartObject(object identity, int? count)
    {
        if (count == 0)
        {
            _json.WriteStartObject();
            _json.WriteEndObject();
            return false;
        }

        if (!Enter(identity, count))
        {
            return false;
        }

        _json.WriteStartObject();
        return true;
    }

    private void EndObject()
    {
        _json.WriteEndObject();
        Leave();
    }

    private void WriteName(string name)
    {
        _path.SetName(name);
        _json.WritePropertyName(name);
    }
}
