using System;
using System.Collections.Generic;
using System.Management.Automation;

namespace Runspaced.Host.Session;

/// <summary>Jobs of the session: those of PowerShell, and those of modules that bring a kind of their own.</summary>
internal sealed class JobWatch(SlotSession session, Dictionary<Guid, Job> table, Dictionary<string, JobSourceAdapter> sources) : StateWatch
{
    private readonly HashSet<Guid> _baseline = [];

    internal override void Capture()
    {
        _baseline.Clear();
        foreach (Job job in All())
        {
            _baseline.Add(job.InstanceId);
        }
    }

    internal void EndAll()
    {
        _baseline.Clear();
        if (HasChanged())
        {
            Restore();
        }
    }

    internal override bool HasChanged()
    {
        if (_baseline.Count == 0 && table.Count == 0 && sources.Count == 0)
        {
            return false;
        }

        int known = 0;
        foreach (Job job in All())
        {
            if (!_baseline.Contains(job.InstanceId))
            {
                return true;
            }

            known++;
        }

        return known != _baseline.Count;
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
        HashSet<Guid> left = [];
        foreach (Job job in All())
        {
            left.Add(job.InstanceId);
        }

        _baseline.IntersectWith(left);
    }

    private List<Job> Added()
    {
        List<Job> added = [];
        foreach (Job job in All())
        {
            if (!_baseline.Contains(job.InstanceId))
            {
                added.Add(job);
            }
        }

        return added;
    }

    private IEnumerable<Job> All()
    {
        foreach (Job job in table.Values)
        {
            yield return job;
        }

        foreach (JobSourceAdapter source in sources.Values)
        {
            foreach (Job2 job in source.GetJobs() ?? [])
            {
                yield return job;
            }
        }
    }
}
