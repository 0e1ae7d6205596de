using System;
using System.Collections.Generic;
using System.Management.Automation;

namespace Runspaced.Host.Session;

/// <summary>Jobs of the session: PowerShell's own, and those of modules that bring a kind of jobs (thread jobs).</summary>
internal sealed class JobWatch(SlotSession session, RunspaceTables tables) : StateWatch
{
    private readonly HashSet<Guid> _baseline = [];

    internal override void Capture()
    {
        _baseline.Clear();
        foreach (Job job in Jobs())
        {
            _baseline.Add(job.InstanceId);
        }
    }

    /// <summary>Ends and removes all jobs, those of the baseline too.</summary>
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
        // The usual case first: no job anywhere, and no module that brings some.
        if (_baseline.Count == 0 && tables.Jobs is null or { Count: 0 } && tables.JobSources is null or { Count: 0 })
        {
            return false;
        }

        int known = 0;
        foreach (Job job in Jobs())
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
        HashSet<Guid> present = [];
        foreach (Job job in Jobs())
        {
            present.Add(job.InstanceId);
        }

        _baseline.IntersectWith(present);
    }

    private List<Job> Added()
    {
        List<Job> added = [];
        foreach (Job job in Jobs())
        {
            if (!_baseline.Contains(job.InstanceId))
            {
                added.Add(job);
            }
        }

        return added;
    }

    private List<Job> Jobs()
    {
        List<Job> jobs = [];
        if (tables.Jobs is { } own)
        {
            jobs.AddRange(own.Values);
        }

        foreach (JobSourceAdapter source in tables.JobSources?.Values ?? (IEnumerable<JobSourceAdapter>)[])
        {
            jobs.AddRange(source.GetJobs());
        }

        return jobs;
    }
}
