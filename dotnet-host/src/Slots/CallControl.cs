using System;
using System.Management.Automation;
using System.Threading;
using Runspaced.Host.Host;
using Runspaced.Host.Interop;

namespace Runspaced.Host.Slots;

/// <summary>
/// How other threads reach into the running call of a slot: cancel, resume, reply. Each may come before the
/// pipeline has started, after it has ended, twice, or for a call that is long gone.
/// </summary>
internal sealed class CallControl
{
    private readonly object _gate = new();
    private readonly EventHandler<PSInvocationStateChangedEventArgs> _onStateChanged;
    private ulong _call;
    private bool _cancelled;
    private bool _resumed;
    private PowerShell? _pipeline;
    private bool _pipelineRuns;
    private ulong _promptSequence;
    private ulong _openPrompt;
    private PromptReply? _reply;

    internal CallControl() => _onStateChanged = OnStateChanged;

    internal ulong Call => Volatile.Read(ref _call);

    internal bool IsCancelled => Volatile.Read(ref _cancelled);

    internal void Begin(ulong call)
    {
        lock (_gate)
        {
            _call = call;
            _cancelled = false;
            _resumed = false;
            _openPrompt = 0;
            _reply = null;
        }
    }

    internal void End()
    {
        lock (_gate)
        {
            _call = 0;
        }
    }

    internal void Cancel(ulong call)
    {
        lock (_gate)
        {
            if (call == 0 || _call != call)
            {
                return;
            }
        }

        CancelAny(call);
    }

    internal void CancelAny() => CancelAny(Call);

    /// <summary>
    /// Makes a pipeline the one that a cancel stops. False if the cancel is there already: do not start it.
    /// </summary>
    internal bool Attach(PowerShell pipeline)
    {
        lock (_gate)
        {
            if (_cancelled)
            {
                return false;
            }

            _pipeline = pipeline;
            _pipelineRuns = false;
        }

        pipeline.InvocationStateChanged += _onStateChanged;
        return true;
    }

    internal void Detach(PowerShell pipeline)
    {
        pipeline.InvocationStateChanged -= _onStateChanged;
        lock (_gate)
        {
            _pipeline = null;
            _pipelineRuns = false;
        }
    }

    internal void Resume(ulong call)
    {
        lock (_gate)
        {
            if (call != 0 && _call == call)
            {
                _resumed = true;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>To be called before an offer, so that a resume that answers it is not taken for an older one.</summary>
    internal void ExpectResume()
    {
        lock (_gate)
        {
            _resumed = false;
        }
    }

    /// <summary>Waits until <see cref="Resume"/> was called since <see cref="ExpectResume"/>. False: cancelled.</summary>
    internal bool WaitForResume()
    {
        lock (_gate)
        {
            while (!_resumed && !_cancelled)
            {
                Monitor.Wait(_gate);
            }

            return !_cancelled;
        }
    }

    /// <summary>Opens a prompt; its number goes out with the question.</summary>
    internal ulong OpenPrompt()
    {
        lock (_gate)
        {
            _openPrompt = ++_promptSequence;
            _reply = null;
            return _openPrompt;
        }
    }

    internal bool Reply(ulong call, ulong prompt, ReadOnlySpan<byte> reply)
    {
        PromptReply? parsed = PromptReply.Parse(reply.ToArray());
        lock (_gate)
        {
            if (parsed is null || call == 0 || _call != call || prompt == 0 || _openPrompt != prompt)
            {
                return false;
            }

            _reply = parsed;
            Monitor.PulseAll(_gate);
            return true;
        }
    }

    /// <summary>Waits for the reply to the open prompt. Null: cancelled.</summary>
    internal PromptReply? WaitForReply()
    {
        lock (_gate)
        {
            while (_reply is null && !_cancelled)
            {
                Monitor.Wait(_gate);
            }

            _openPrompt = 0;
            return _cancelled ? null : _reply;
        }
    }

    private void CancelAny(ulong call)
    {
        PowerShell? pipeline = null;
        lock (_gate)
        {
            if (call == 0 || _call != call)
            {
                return;
            }

            _cancelled = true;
            Monitor.PulseAll(_gate);
            if (_pipelineRuns)
            {
                pipeline = _pipeline;
            }
        }

        Stop(pipeline);
    }

    // A stop that comes between creation and start would be lost: the pipeline then starts all the same. So the
    // stop waits for the state that PowerShell enters under the lock its own stop takes.
    private void OnStateChanged(object? sender, PSInvocationStateChangedEventArgs arguments)
    {
        if (arguments.InvocationStateInfo.State != PSInvocationState.Running)
        {
            return;
        }

        PowerShell? pipeline = null;
        lock (_gate)
        {
            _pipelineRuns = true;
            if (_cancelled)
            {
                pipeline = _pipeline;
            }
        }

        Stop(pipeline);
    }

    // Not BeginStop: PowerShell stops on a thread of its own then, and where the pipeline ends at that moment, its own stop throws
    // there (PipelineProcessor.Stop cancels a token source that was disposed). Nobody can catch that, and the process dies of it.
    private static void Stop(PowerShell? pipeline)
    {
        if (pipeline is null)
        {
            return;
        }

        Thread stopper = new(static state => StopAndWait((PowerShell)state!)) { IsBackground = true, Name = "runspaced stop" };
        stopper.UnsafeStart(pipeline);
    }

    private static void StopAndWait(PowerShell pipeline)
    {
        try
        {
            pipeline.Stop();
        }
        catch (Exception failure)
        {
            // It ended in the meantime.
            Border.Log(LogLevel.Debug, $"A pipeline ended while it was being stopped: {failure.Message}");
        }
    }
}
