using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Runspaced.Host.Session;

/// <summary>Event subscribers and events that nobody has taken.</summary>
internal sealed class EventWatch(Runspace runspace, RunspaceTables tables) : StateWatch
{
    private readonly HashSet<PSEventSubscriber> _baseline = [];
    private Dictionary<PSEventSubscriber, Delegate>? _table;
    private PSEventArgsCollection? _received;

    /// <summary>Modules or the startup script subscribed to something.</summary>
    internal bool HasBaseline => _baseline.Count > 0;

    internal override void Capture()
    {
        _table = tables.EventSubscribers;
        _received = runspace.Events.ReceivedEvents;
        _baseline.Clear();
        foreach (PSEventSubscriber subscriber in _table?.Keys ?? (IEnumerable<PSEventSubscriber>)[])
        {
            _baseline.Add(subscriber);
        }
    }

    internal override bool HasChanged()
    {
        if (_received is { Count: > 0 } || _table?.Count != _baseline.Count)
        {
            return true;
        }

        if (_baseline.Count > 0)
        {
            foreach (PSEventSubscriber subscriber in _table.Keys)
            {
                if (!_baseline.Contains(subscriber))
                {
                    return true;
                }
            }
        }

        return false;
    }

    internal override void Report(ChangeList changes)
    {
        foreach (PSEventSubscriber subscriber in Added())
        {
            changes.Add("event_subscriber", subscriber.SourceIdentifier);
        }

        foreach (PSEventSubscriber subscriber in _baseline)
        {
            if (_table?.ContainsKey(subscriber) != true)
            {
                changes.Add("event_subscriber", subscriber.SourceIdentifier);
            }
        }

        if (_received is { Count: > 0 })
        {
            changes.Add("event", "queued");
        }
    }

    internal override void Restore()
    {
        foreach (PSEventSubscriber subscriber in Added())
        {
            runspace.Events.UnsubscribeEvent(subscriber);
        }

        while (_received is { Count: > 0 } received)
        {
            received.RemoveAt(received.Count - 1);
        }
    }

    private List<PSEventSubscriber> Added() => Added(_table?.Keys ?? (IEnumerable<PSEventSubscriber>)[], _baseline);
}
