using System;
using System.Management.Automation.Runspaces;
using System.Threading;
using Runspaced.Host.Interop;
using Runspaced.Host.Session;

namespace Runspaced.Host.Slots;

/// <summary>
/// A runspace with a managed thread of its own. Everything PowerShell happens on that thread; all other threads
/// only post. (Threads made by Rust are no place for PowerShell: they bring a small alternate signal stack.)
/// </summary>
internal sealed class Slot
{
    private const int SmallestStack = 256 << 10;
    private const int LargestStack = 256 << 20;

    [ThreadStatic]
    private static Slot? t_current;

    private readonly SlotConfig _config;
    private readonly Mailbox _mailbox = new();
    private readonly CallControl _control = new();
    private readonly Lock _postGate = new();
    private Thread? _thread;
    private SlotSession? _session;
    private CallRunner? _runner;
    private ulong _call;
    private nuint _context;
    private byte[] _request = new byte[1024];
    private int _requestLength;
    private SlotState _state = SlotState.Opening;
    private volatile bool _closeRequested;
    private volatile bool _abandoned;

    internal Slot(ulong id, SlotConfig config)
    {
        Id = id;
        _config = config;
    }

    /// <summary>The slot whose thread this is; null on any other thread.</summary>
    internal static Slot? Current => t_current;

    internal ulong Id { get; }

    /// <summary>Number of the running call, 0 between calls.</summary>
    internal ulong RunningCallId => _control.Call;

    /// <summary>Looks for messages of host functions.</summary>
    internal Lookout FunctionLookout { get; } = new();

    internal string StateName => _state switch
    {
        SlotState.Opening => "still opening",
        SlotState.Idle => "idle",
        SlotState.Busy => "busy",
        _ => "closed",
    };

    /// <summary>The runspace is open; set on the slot's own thread.</summary>
    internal bool IsOpen => _session is not null;

    /// <summary>The slot's thread waits for something.</summary>
    internal bool IsWaiting => _thread?.ThreadState.HasFlag(ThreadState.WaitSleepJoin) == true;

    internal Runspace? Runspace => _session?.Runspace;

    /// <summary>An assembly was loaded on the slot's thread.</summary>
    internal void NoteAssembly(string name) => _session!.Settler.NoteAssembly(name);

    internal void Start()
    {
        Thread thread = new(Run, Math.Clamp(_config.StackBytes, SmallestStack, LargestStack))
        {
            IsBackground = true,
            Name = $"runspaced slot {Id}",
        };
        _thread = thread;
        thread.Start();
    }

    /// <summary>Hands a call to the slot's thread. False if the slot does not take one now.</summary>
    internal bool Post(ulong call, nuint context, ReadOnlySpan<byte> request)
    {
        lock (_postGate)
        {
            if (_state != SlotState.Idle || _closeRequested || _abandoned)
            {
                return false;
            }

            if (_request.Length < request.Length)
            {
                _request = new byte[Math.Max(request.Length, _request.Length * 2)];
            }

            request.CopyTo(_request);
            _requestLength = request.Length;
            _call = call;
            _context = context;
            _control.Begin(call);
            _state = SlotState.Busy;
        }

        _mailbox.Signal();
        return true;
    }

    internal void Cancel(ulong call) => _control.Cancel(call);

    internal void CancelAny() => _control.CancelAny();

    internal void Resume(ulong call) => _control.Resume(call);

    internal bool Reply(ulong call, ulong prompt, ReadOnlySpan<byte> reply) => _control.Reply(call, prompt, reply);

    internal void RequestClose()
    {
        _closeRequested = true;
        _mailbox.Signal();
    }

    internal void Abandon()
    {
        _abandoned = true;
        SlotTable.Remove(Id);
        _control.CancelAny();
        _mailbox.Signal();
    }

    private void Run()
    {
        t_current = this;
        try
        {
            SlotSession? session = Open();
            if (session is null)
            {
                return;
            }

            _session = session;
            _runner = new CallRunner(Id, session, _control);
            if (!_mailbox.IsSignalled)
            {
                // A spare: what a runspace's first pipeline costs more than others is paid before anybody waits for it.
                session.RunNothing();
            }

            while (!_closeRequested && !_abandoned)
            {
                _mailbox.Wait();
                if (_state == SlotState.Busy)
                {
                    RunCall();
                }
            }

            Close(session);
        }
        catch (Exception failure)
        {
            Border.Log(LogLevel.Error, $"The thread of slot {Id} failed: {failure}");
            Close(session: null);
        }
        finally
        {
            System.Management.Automation.Runspaces.Runspace.DefaultRunspace = null!;
            t_current = null;
        }
    }

    private SlotSession? Open()
    {
        try
        {
            SlotSession session = SlotSession.Open(_config);
            _state = SlotState.Idle;
            Send(EventKind.Opened, session.DescribeItself());
            return session;
        }
        catch (SlotOpenException failure)
        {
            _state = SlotState.Closed;
            SlotTable.Remove(Id);
            Send(EventKind.OpenFailed, failure.ToJson());
            return null;
        }
    }

    private void RunCall()
    {
        ulong call = _call;
        _runner!.Run(call, _context, _request, _requestLength);
        ReadOnlySpan<byte> settlement = _runner.Settle();
        _control.End();
        lock (_postGate)
        {
            _state = SlotState.Idle;
        }

        if (!_abandoned)
        {
            Border.Send(EventKind.Settled, Id, call, 0, settlement);
        }
    }

    private void Close(SlotSession? session)
    {
        lock (_postGate)
        {
            _state = SlotState.Closed;
        }

        session?.Close();
        SlotTable.Remove(Id);

        // After an abandon too: whoever counts the lost threads wants to know that this one came back.
        Border.Send(EventKind.Closed, Id, 0, 0, default);
    }

    private void Send(EventKind kind, ReadOnlySpan<byte> payload)
    {
        if (!_abandoned)
        {
            Border.Send(kind, Id, 0, 0, payload);
        }
    }

    private enum SlotState
    {
        Opening,
        Idle,
        Busy,
        Closed,
    }
}
