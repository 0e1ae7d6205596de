using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Diagnostics;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Text.Json;
using Runspaced.Host.Binding;
using Runspaced.Host.Session;

namespace Runspaced.Host.Slots;

/// <summary>
/// What the same pipeline costs in a plain C# loop in the same slot: the floor that a call is compared with.
/// </summary>
internal sealed class FloorMeasure
{
    private const int MostRuns = 1_000_000;

    private readonly SlotSession _session;
    private readonly CallRequest _request;
    private readonly string _mode;
    private readonly JsonSpan _parameters;

    /// <exception cref="RefusalException">The request asks for a mode that does not exist.</exception>
    internal FloorMeasure(SlotSession session, CallRequest request)
    {
        _session = session;
        _request = request;
        _mode = "script";
        if (request.Parameters.IsPresent)
        {
            Utf8JsonReader reader = new(request.Parameters.In(request.Bytes), RequestReader.Options);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isMode = reader.ValueTextEquals("mode"u8);
                bool isParameters = reader.ValueTextEquals("parameters"u8);
                reader.Read();
                if (isMode)
                {
                    _mode = reader.GetString() ?? _mode;
                }

                int start = (int)reader.TokenStartIndex;
                reader.Skip();
                if (isParameters && reader.TokenType == JsonTokenType.EndObject)
                {
                    _parameters = new JsonSpan(request.Parameters.Start + start, (int)reader.BytesConsumed - start);
                }
            }
        }

        if (_mode is not ("command" or "script" or "unread" or "runspace"))
        {
            throw new RefusalException($"A measurement's mode is command, script, unread or runspace, not '{_mode}'.");
        }
    }

    /// <summary>Runs, until done or cancelled, and gives the distribution of the runs' times.</summary>
    internal PSObject Run(CallControl control, PipelineBuilder builder)
    {
        int count = (int)Math.Clamp(_request.Count, 1, MostRuns);
        double[] nanoseconds = new double[count];
        int done = 0;
        List<CommandParameter> parameters = BindOnce(builder);
        while (done < count && !control.IsCancelled)
        {
            long start = Stopwatch.GetTimestamp();
            if (_mode == "runspace")
            {
                OpenAndClose();
            }
            else
            {
                RunOnce(parameters);
            }

            nanoseconds[done++] = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        }

        return Summary(nanoseconds.AsSpan(0, done));
    }

    // Reading the request is no part of the floor.
    private List<CommandParameter> BindOnce(PipelineBuilder builder)
    {
        if (!_parameters.IsPresent || _mode == "runspace")
        {
            return [];
        }

        using PowerShell pipeline = NewPipeline();
        builder.BindMeasured(pipeline, _request, _parameters, isCommand: _mode == "command");
        return [.. pipeline.Commands.Commands[0].Parameters];
    }

    private PowerShell NewPipeline()
    {
        PowerShell pipeline = _session.NewPipeline();
        return _mode == "command" ? pipeline.AddCommand(_request.Text) : pipeline.AddScript(_request.Text, useLocalScope: true);
    }

    private void RunOnce(List<CommandParameter> parameters)
    {
        using PowerShell pipeline = NewPipeline();
        foreach (CommandParameter parameter in parameters)
        {
            pipeline.AddParameter(parameter.Name, parameter.Value);
        }

        Collection<PSObject> output = pipeline.Invoke();
        if (_mode == "unread")
        {
            return;
        }

        foreach (PSObject value in output)
        {
            _ = value?.BaseObject;
        }
    }

    private void OpenAndClose()
    {
        Runspace own = Runspace.DefaultRunspace;
        try
        {
            _session.OpenTwin().Dispose();
        }
        finally
        {
            Runspace.DefaultRunspace = own;
        }
    }

    private static PSObject Summary(Span<double> nanoseconds)
    {
        double sum = 0;
        foreach (double value in nanoseconds)
        {
            sum += value;
        }

        int count = nanoseconds.Length;
        nanoseconds.Sort();
        PSObject summary = new();
        summary.Properties.Add(new PSNoteProperty("count", count));
        summary.Properties.Add(new PSNoteProperty("p50_ns", Percentile(nanoseconds, 0.50)));
        summary.Properties.Add(new PSNoteProperty("p95_ns", Percentile(nanoseconds, 0.95)));
        summary.Properties.Add(new PSNoteProperty("p99_ns", Percentile(nanoseconds, 0.99)));
        summary.Properties.Add(new PSNoteProperty("mean_ns", count == 0 ? 0 : (long)(sum / count)));
        return summary;
    }

    private static long Percentile(ReadOnlySpan<double> sorted, double part) =>
        sorted.Length == 0 ? 0 : (long)sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * part))];
}
