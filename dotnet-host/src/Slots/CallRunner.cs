using System;
using System.Buffers;
using System.Diagnostics;
using System.Management.Automation;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Runspaced.Host.Binding;
using Runspaced.Host.Host;
using Runspaced.Host.Interop;
using Runspaced.Host.Metadata;
using Runspaced.Host.Session;

namespace Runspaced.Host.Slots;

/// <summary>
/// Runs the calls of one slot, one after the other, on the slot's thread. All that a call needs is kept from call
/// to call: a warm call allocates little more than PowerShell itself does.
/// </summary>
internal sealed class CallRunner : IHostAudience
{
    private static readonly PSInvocationSettings s_settings = new();

    // PowerShell puts the $? from before a pipeline back after it, unless the pipeline goes into the history.
    private static readonly PSInvocationSettings s_judging = new() { AddToHistory = true };

    private readonly ulong _slot;
    private readonly SlotSession _session;
    private readonly CallControl _control;
    private readonly PipelineBuilder _builder;
    private readonly CallRequest _request = new();
    private readonly CallOutcome _outcome = new();
    private readonly CallAnswer _answer;
    private readonly PipelineStreams _streams;
    private readonly Settlement _settlement = new();
    private ulong _call;

    internal CallRunner(ulong slot, SlotSession session, CallControl control)
    {
        _slot = slot;
        _session = session;
        _control = control;
        _builder = new PipelineBuilder(session.Runspace, session.Commands);
        _answer = new CallAnswer(slot, control);
        _streams = new PipelineStreams(_answer, _outcome, session.Host.Interface);
    }

    /// <summary>Runs a call to its answer. Never throws.</summary>
    internal void Run(ulong call, nuint context, byte[] request, int length)
    {
        ProcessState.CallStarts();
        _call = call;
        _answer.Attach(call, context);
        _outcome.Clear();
        _request.Bytes = request;
        _request.Length = length;
        try
        {
            Execute();
            _request.IsSelfContained &= _answer.HasOnlyScalars && !_outcome.HadErrors && _outcome.Status == AnswerStatus.Completed;
            JitProfile.KeepFirst();
            _answer.Finish(_outcome, _session.Settler.ChangedModules());
        }
        catch (Exception failure)
        {
            FinishBare(failure);
        }
    }

    /// <summary>Looks at what the call left behind, and says so. Never throws.</summary>
    internal ReadOnlySpan<byte> Settle()
    {
        long start = Stopwatch.GetTimestamp();
        Verdict verdict;
        ProcessVerdict process = default;
        try
        {
            verdict = _session.Settler.Settle(_request, out process);
            if (_outcome.Status == AnswerStatus.OutOfMemory)
            {
                verdict = Verdict.Retire;
            }
        }
        catch (Exception failure)
        {
            Border.Log(LogLevel.Error, $"Slot {_slot} could not be brought back after call {_call}: {failure}");
            _session.Settler.Changes.Add("failure", failure.GetType().Name);
            verdict = Verdict.Retire;
        }
        finally
        {
            ProcessState.CallEnds();
        }

        long elapsed = (long)Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        return _settlement.Write(verdict, _session.Settler.Changes, process, elapsed);
    }

    public void OnHostText(string text) => _streams.OnHostText(text);

    public PromptReply Ask(PromptQuestion question)
    {
        if (!_request.Interactive)
        {
            throw Refused(question);
        }

        ulong prompt = _control.OpenPrompt();
        Border.Send(EventKind.Prompt, _slot, _call, (long)prompt, question.ToJson());
        PromptReply reply = _control.WaitForReply() ?? throw new PipelineStoppedException();
        return reply.Accepted ? reply : throw Refused(question);
    }

    private PromptBlockedException Refused(PromptQuestion question)
    {
        _outcome.RefusedQuestion = question;
        return new PromptBlockedException(question);
    }

    private void Execute()
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            RequestReader.Read(_request);
        }
        catch (RequestFormatException failure)
        {
            _request.Clear();
            _answer.Begin(_request);
            Refuse(new RefusalException($"The request was not understood: {failure.Message}.", "RequestNotUnderstood"));
            return;
        }

        _answer.Begin(_request);
        _session.Settler.Prepare(_request.Isolation);
        _session.Host.ExitCode = null;
        _session.Host.Interface.Audience = this;
        _session.ShowCallId(_request.CorrelationId);
        string? location = null;
        try
        {
            if (_request.Modules is not null)
            {
                ImportModules();
                _session.Settler.AcceptModules(_request);
            }

            location = EnterWorkingDirectory();
            RunKind(start);
        }
        catch (RefusalException refusal)
        {
            Refuse(refusal);
        }
        finally
        {
            _session.Host.Interface.Audience = null;
            LeaveWorkingDirectory(location);
        }
    }

    private void RunKind(long start)
    {
        switch (_request.Kind)
        {
            case CallKind.Measure:
                _answer.Add(new FloorMeasure(_session, _request).Run(_control, _builder));
                _outcome.Status = _control.IsCancelled ? AnswerStatus.Stopped : AnswerStatus.Completed;
                break;
            case CallKind.Describe:
                _answer.Describer = new CommandDescriber(_session.Runspace, new DescribedPart(_request));
                using (PowerShell pipeline = _session.NewPipeline())
                {
                    CommandDescriber.AddSearch(pipeline, _request.Text);
                    Invoke(pipeline, input: null, start);
                }

                break;
            default:
                using (PowerShell pipeline = _session.NewPipeline())
                {
                    _builder.Build(pipeline, _request);
                    _session.Settler.AcceptModules(_request);
                    _session.Settler.WatchModules(_request);
                    Invoke(pipeline, _request.Input.IsPresent ? ArgumentBinder.ReadInput(_request) : null, start);
                }

                break;
        }
    }

    private void Invoke(PowerShell pipeline, PSDataCollection<object>? input, long start)
    {
        _streams.AttachTo(pipeline);
        object? nativeExit = _session.Settler.NativeExitCode;
        long bound = Stopwatch.GetTimestamp();
        _outcome.BindTicks = bound - start;
        if (!_control.Attach(pipeline))
        {
            _outcome.Status = AnswerStatus.Stopped;
            return;
        }

        Action<bool>? passExitOn = _request.Kind == CallKind.File ? _session.Settler.Tables.PassExitOn : null;
        try
        {
            passExitOn?.Invoke(true);
            pipeline.Invoke(input, _streams.Output, _request.Judge ? s_judging : s_settings);

            // A stop that comes while the pipeline is being made lets it return before it has become Stopped.
            _outcome.Status = pipeline.InvocationStateInfo.State == PSInvocationState.Completed
                ? AnswerStatus.Completed
                : StatusOfStop();
        }
        catch (Exception failure) when (failure is not RefusalException)
        {
            OnFailure(failure);
        }
        finally
        {
            _control.Detach(pipeline);
            passExitOn?.Invoke(false);
            _session.Settler.UnwatchModules();
            _outcome.RunTicks = Stopwatch.GetTimestamp() - bound;
        }

        _outcome.ExitCode = _session.Host.ExitCode;

        _outcome.Succeeded = _request.Judge ? _session.Settler.Succeeded : null;

        // A native command puts a new number there, even if it is the old one.
        object? nativeExitNow = _session.Settler.NativeExitCode;
        _outcome.NativeExitCode = ReferenceEquals(nativeExit, nativeExitNow) ? null : nativeExitNow as int?;
    }

    private void ImportModules()
    {
        foreach (string module in _request.Modules ?? [])
        {
            if (_session.HasModule(module))
            {
                continue;
            }

            using PowerShell pipeline = _session.ImportPipeline(module);
            if (!_control.Attach(pipeline))
            {
                return;
            }

            try
            {
                pipeline.Invoke();
                _session.Commands.Clear();
            }
            catch (Exception failure)
            {
                throw new RefusalException(
                    $"The module '{module}' could not be imported: {failure.Message}",
                    "ModuleNotImported",
                    ErrorCategory.ResourceUnavailable,
                    module,
                    command: null,
                    failure);
            }
            finally
            {
                _control.Detach(pipeline);
            }
        }
    }

    private string? EnterWorkingDirectory()
    {
        if (_request.WorkingDirectory is not { Length: > 0 } folder)
        {
            return null;
        }

        PathIntrinsics path = _session.Runspace.SessionStateProxy.Path;
        string before = path.CurrentLocation.Path;
        try
        {
            path.SetLocation(WildcardPattern.Escape(folder));
            return before;
        }
        catch (RuntimeException failure)
        {
            throw new RefusalException(
                $"The working directory '{folder}' cannot be entered: {failure.Message}",
                "WorkingDirectoryNotFound",
                ErrorCategory.ObjectNotFound,
                folder);
        }
    }

    private void LeaveWorkingDirectory(string? location)
    {
        if (location is null)
        {
            return;
        }

        try
        {
            _session.Runspace.SessionStateProxy.Path.SetLocation(WildcardPattern.Escape(location));
            _session.Settler.AcceptLocation();
        }
        catch (RuntimeException)
        {
            // The folder is gone. Settling finds the other location.
        }
    }

    private AnswerStatus StatusOfStop()
    {
        if (_outcome.StoppedBy is AnswerStatus.Failed or AnswerStatus.OutOfMemory)
        {
            _outcome.HadErrors = true;
        }

        return _outcome.StoppedBy == AnswerStatus.Completed ? AnswerStatus.Stopped : _outcome.StoppedBy;
    }

    private void OnFailure(Exception failure)
    {
        if (failure is PipelineStoppedException)
        {
            _outcome.Status = StatusOfStop();
            return;
        }

        ErrorRecord record = Failures.RecordOf(failure);
        _outcome.HadErrors = true;
        _outcome.Error = record;
        if (Failures.IsOutOfMemory(failure))
        {
            _outcome.Status = AnswerStatus.OutOfMemory;
        }
        else if (Failures.BlockedPrompt(failure, record, _outcome.RefusedQuestion) is { } prompt)
        {
            _outcome.BlockedPrompt = prompt;
            _outcome.Status = AnswerStatus.PromptBlocked;
        }
        else if (failure is RuntimeException error && _answer.Count == 0 && _builder.RefusalFor(error, _request) is { } refusal)
        {
            Refuse(refusal);
        }
        else
        {
            _outcome.Status = AnswerStatus.Failed;
        }
    }

    private void Refuse(RefusalException refusal)
    {
        _outcome.Status = AnswerStatus.Refused;
        _outcome.Error = refusal.ToErrorRecord();
        _outcome.HadErrors = true;
    }

    // The answer itself could not be written. What is certain to fit is said instead.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void FinishBare(Exception failure)
    {
        try
        {
            Border.Log(LogLevel.Error, $"The answer of call {_call} could not be written: {failure}");
            _outcome.Status = Failures.IsOutOfMemory(failure) ? AnswerStatus.OutOfMemory : AnswerStatus.Failed;
            ArrayBufferWriter<byte> meta = new();
            using (Utf8JsonWriter json = new(meta))
            {
                json.WriteStartObject();
                json.WriteString("status"u8, _outcome.Status.Name());
                json.WriteBoolean("had_errors"u8, true);
                json.WriteStartObject("error"u8);
                json.WriteString("message"u8, $"The answer could not be written: {failure.Message}");
                json.WriteString("category"u8, nameof(ErrorCategory.WriteError));
                json.WriteString("fullyQualifiedErrorId"u8, "AnswerNotWritten");
                json.WriteString("exceptionType"u8, failure.GetType().FullName);
                json.WriteEndObject();
                json.WriteEndObject();
            }

            _answer.FinishBare(meta.WrittenSpan);
        }
        catch (Exception)
        {
            _answer.FinishEmpty();
        }
    }
}
