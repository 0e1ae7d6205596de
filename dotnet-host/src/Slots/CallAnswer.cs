using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Management.Automation;
using Runspaced.Host.Binding;
using Runspaced.Host.Interop;
using Runspaced.Host.Metadata;
using Runspaced.Host.Output;

namespace Runspaced.Host.Slots;

/// <summary>
/// The answer of a call while it comes into being: output, records and meta, one behind the other in the call's
/// buffer; and what of it goes out at once. Reused from call to call.
/// </summary>
internal sealed class CallAnswer(ulong slot, CallControl control)
{
    private readonly CallBuffer _buffer = Border.NewBuffer();
    private readonly OutputDocument _document = new();
    private readonly RecordLog _records = new();
    private readonly MetaWriter _meta = new();
    private ulong _call;
    private bool _streams;
    private bool _live;

    /// <summary>Values that were written, or sent in a streaming call.</summary>
    internal long Count => _document.Count;

    internal RecordLog Records => _records;

    /// <summary>No value of the output has members or entries, whose reading might run a script.</summary>
    internal bool HasOnlyScalars => _document.HasOnlyScalars;

    /// <summary>Set for a call whose output is commands to be described.</summary>
    internal CommandDescriber? Describer { get; set; }

    internal void Attach(ulong call, nuint context)
    {
        _call = call;
        _buffer.Begin(context);
    }

    /// <summary>Starts the output and records documents.</summary>
    internal void Begin(CallRequest request)
    {
        _streams = request.Stream;
        _live = request.Live || request.Stream;
        Describer = null;
        Limits limits = request.Limits;
        _document.Begin(_buffer, in limits, request.Format);
        _records.Begin(in limits);
    }

    /// <summary>
    /// Writes or sends a value. Answers why the pipeline is to stop: its byte budget is used up, or the call was
    /// cancelled while it waited for room; <see cref="AnswerStatus.Completed"/> if it is not.
    /// </summary>
    internal AnswerStatus Add(PSObject? value)
    {
        if (_streams && Describer is null)
        {
            return Offer(_document.WriteSingle(value)) ? AnswerStatus.Completed : AnswerStatus.Stopped;
        }

        bool room = Describer is { } describer ? describer.AddTo(_document, value) : _document.Add(value);
        return room ? AnswerStatus.Completed : AnswerStatus.Truncated;
    }

    /// <summary>Sends a record that was just logged, if the call wants them as they come. False: cancelled.</summary>
    internal bool Send(ReadOnlySpan<byte> record) => !_live || record.IsEmpty || Offer(record);

    /// <summary>Ends the output document and writes what comes behind it; the buffer is the other side's then.</summary>
    internal void Finish(CallOutcome outcome, List<string>? modules)
    {
        _document.End();
        int outputEnd = _buffer.Position;
        _records.WriteTo(_buffer);
        int recordsEnd = _buffer.Position;
        _meta.Write(_buffer, MetaOf(outcome, modules), _document, _records);
        int total = _buffer.Position;
        nuint context = _buffer.Context;
        _buffer.Release();
        Border.Done(slot, _call, context, outputEnd, recordsEnd, total);
    }

    /// <summary>Answers with an error alone, whatever was written before.</summary>
    internal void FinishBare(ReadOnlySpan<byte> meta)
    {
        _buffer.Position = 0;
        _buffer.Write("[]"u8);
        _buffer.Write("[]"u8);
        _buffer.Write(meta);
        int total = _buffer.Position;
        nuint context = _buffer.Context;
        _buffer.Release();
        Border.Done(slot, _call, context, 2, 4, total);
    }

    /// <summary>Gives the buffer back with nothing in it: there is no memory even for an error.</summary>
    internal void FinishEmpty()
    {
        nuint context = _buffer.Context;
        _buffer.Release();
        Border.Done(slot, _call, context, 0, 0, 0);
    }

    private bool Offer(ReadOnlySpan<byte> record)
    {
        while (true)
        {
            if (control.IsCancelled)
            {
                return false;
            }

            control.ExpectResume();
            if (Border.Offer(slot, _call, record))
            {
                return true;
            }

            if (!control.WaitForResume())
            {
                return false;
            }
        }
    }

    private static AnswerMeta MetaOf(CallOutcome outcome, List<string>? modules) => new()
    {
        Status = outcome.Status.Name(),
        ExitCode = outcome.ExitCode,
        NativeExitCode = outcome.NativeExitCode,
        Succeeded = outcome.Succeeded,
        HadErrors = outcome.HadErrors,
        Error = outcome.Error,
        Prompt = outcome.BlockedPrompt?.ToJson(),
        BindMicroseconds = Microseconds(outcome.BindTicks),
        RunMicroseconds = Microseconds(outcome.RunTicks),
        WriteMicroseconds = Microseconds(outcome.WriteTicks),
        Modules = modules,
    };

    private static long Microseconds(long ticks) => ticks * 1_000_000 / Stopwatch.Frequency;
}
