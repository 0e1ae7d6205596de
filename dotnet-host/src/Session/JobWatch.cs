using System;
using System.Collections.Generic;
using System.Management.Automation;

namespace Runspaced.Host.Session;

/// <summary>Jobs of the session.</summary>
internal sealed class JobWatch(SlotSession session, Dictionary<Guid, Job> table) : StateWatch
{
    private readonly HashSet<Guid> _baseline = [];

    internal override void Capture()
    {
        _baseline.Clear();
        _baseline.UnionWith(table.Keys);
    }

    internal void EndAll()
    {
        _baseline.Clear();
        if (table.Count > 0)
        {
            Restore();
        }
    }

    internal override bool HasChanged()
    {
        if (table.Count != _baseline.Count)
        {
            return true;
        }

        foreach (Guid id in _baseline)
        {
            if (!table.ContainsKey(id))
            {
                return true;
            }
        }

        return false;
    }

    internal override void Report(ChangeList changes)
    {
        foreach (Job job in Added())
        {
            changes.Add("job", job.Name);
        }
    }

    internal override void Restore()
    {
        Job[] added = [.. Added()];
        if (added.Length > 0)
        {
            using PowerShell pipeline = session.NewPipeline("Remove-Job");
            pipeline.AddParameter("Job", added).AddParameter("Force", true);
            SlotSession.RunQuietly(pipeline);
        }

        // A job of the baseline that is gone cannot come back.
        _baseline.IntersectWith(table.Keys);
    }

    private List<Job> Added()
    {
        List<Job> added = [];
        foreach ((Guid id, Job job) in table)
        {
            if (!_baseline.Contains(id))
            {
                added.Add(job);
            }
        }

        return added;
    }
}
