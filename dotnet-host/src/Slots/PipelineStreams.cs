using System;
using System.Management.Automation;
using Runspaced.Host.Host;

namespace Runspaced.Host.Slots;

/// <summary>
/// The seven streams of a slot's pipelines. What arrives is written at once, on the pipeline's thread; nothing is
/// collected. An error here stops the pipeline from inside: whatever else escaped would leave the runspace with a
/// pipeline that never ends.
/// </summary>
internal sealed class PipelineStreams
{
    private readonly CallAnswer _answer;
    private readonly CallOutcome _outcome;
    private readonly SlotUserInterface _interface;
    private readonly RecordSink<ErrorRecord> _error;
    private readonly RecordSink<WarningRecord> _warning;
    private readonly RecordSink<VerboseRecord> _verbose;
    private readonly RecordSink<DebugRecord> _debug;
    private readonly RecordSink<InformationRecord> _information;
    private readonly RecordSink<ProgressRecord> _progress;

    internal PipelineStreams(CallAnswer answer, CallOutcome outcome, SlotUserInterface userInterface)
    {
        _answer = answer;
        _outcome = outcome;
        _interface = userInterface;
        Output = new OutputSink(OnOutput);
        _error = new RecordSink<ErrorRecord>(OnError);
        _warning = new RecordSink<WarningRecord>(record => OnRecord(record, static (self, record) =>
            self._answer.Send(self._answer.Records.AddWarning(record.Message, self._answer.Count))));
        _verbose = new RecordSink<VerboseRecord>(record => OnRecord(record, static (self, record) =>
            self._answer.Send(self._answer.Records.AddVerbose(record.Message, self._answer.Count))));
        _debug = new RecordSink<DebugRecord>(record => OnRecord(record, static (self, record) =>
            self._answer.Send(self._answer.Records.AddDebug(record.Message, self._answer.Count))));
        _information = new RecordSink<InformationRecord>(record => OnRecord(record, static (self, record) =>
        {
            self._interface.ExpectEcho(record);
            return self._answer.Send(self._answer.Records.AddInformation(record, self._answer.Count));
        }));
        _progress = new RecordSink<ProgressRecord>(record => OnRecord(record, static (self, record) =>
            self._answer.Send(self._answer.Records.AddProgress(0, record, self._answer.Count))));
    }

    internal OutputSink Output { get; }

    internal void AttachTo(PowerShell pipeline)
    {
        PSDataStreams streams = pipeline.Streams;
        streams.Error = _error.Collection;
        streams.Warning = _warning.Collection;
        streams.Verbose = _verbose.Collection;
        streams.Debug = _debug.Collection;
        streams.Information = _information.Collection;
        streams.Progress = _progress.Collection;
    }

    /// <summary>Text written to the host itself: an information record without a source.</summary>
    internal void OnHostText(string text) => OnRecord(text, static (self, text) =>
    {
        InformationRecord record = new(new HostInformationMessage { Message = text }, "host");
        record.Tags.Add("PSHOST");
        return self._answer.Send(self._answer.Records.AddInformation(record, self._answer.Count));
    });

    private void OnOutput(PSObject value)
    {
        ThrowIfStopped();
        try
        {
            _outcome.StoppedBy = _answer.Add(value);
        }
        catch (Exception failure)
        {
            OnFailure(failure);
        }

        ThrowIfStopped();
    }

    private void OnError(ErrorRecord record)
    {
        ThrowIfStopped();
        _outcome.HadErrors = true;
        if (Failures.BlockedPrompt(failure: null, record, _outcome.RefusedQuestion) is { } prompt)
        {
            // Nothing caught it: the script would go on without the answer it asked for.
            _outcome.BlockedPrompt = prompt;
            _outcome.StoppedBy = AnswerStatus.PromptBlocked;
        }
        else if (Failures.IsOutOfMemory(record.Exception))
        {
            _outcome.Error = record;
            _outcome.StoppedBy = AnswerStatus.OutOfMemory;
        }

        else if (Failures.IsTooDeep(record.Exception))
        {
            _outcome.Error = record;
            _outcome.StoppedBy = AnswerStatus.Failed;
        }

        OnRecord(record, static (self, record) => self._answer.Send(self._answer.Records.AddError(record, self._answer.Count)));
    }

    private void OnRecord<T>(T record, Func<PipelineStreams, T, bool> write)
    {
        try
        {
            if (!write(this, record) && _outcome.StoppedBy == AnswerStatus.Completed)
            {
                _outcome.StoppedBy = AnswerStatus.Stopped;
            }
        }
        catch (Exception failure)
        {
            OnFailure(failure);
        }

        ThrowIfStopped();
    }

    private void OnFailure(Exception failure)
    {
        if (failure is PipelineStoppedException)
        {
            _outcome.StoppedBy = AnswerStatus.Stopped;
            return;
        }

        _outcome.StoppedBy = Failures.IsOutOfMemory(failure) ? AnswerStatus.OutOfMemory : AnswerStatus.Failed;
        _outcome.Error = Failures.RecordOf(failure);
    }

    private void ThrowIfStopped()
    {
        if (_outcome.StoppedBy != AnswerStatus.Completed)
        {
            throw new PipelineStoppedException();
        }
    }
}
