using System;
using System.Management.Automation;
using System.Text.Json;
using Runspaced.Host.Binding;
using Runspaced.Host.Slots;

namespace Runspaced.Host.Functions;

/// <summary>
/// Calls a function that the program around PowerShell offers. Its values arrive as they come; a stopped pipeline
/// cancels it.
/// </summary>
[Cmdlet(VerbsLifecycle.Invoke, CommandNoun)]
public sealed class InvokeHostFunctionCommand : PSCmdlet, IDisposable
{
    internal const string CommandNoun = "HostFunction";
    internal const string CommandName = $"{VerbsLifecycle.Invoke}-{CommandNoun}";

    private readonly FunctionArguments _arguments = new();
    private IFunctionCall? _call;
    private volatile bool _stopping;
    private bool _takesInput;
    private bool _ended;

    /// <summary>Name of the function.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = string.Empty;

    /// <summary>Names and values: a hashtable, an object, or <c>$PSBoundParameters</c>.</summary>
    [Parameter(Position = 1)]
    [AllowNull]
    public object? Parameters { get; set; }

    /// <summary>Input of the function, one value after the other.</summary>
    [Parameter(ValueFromPipeline = true)]
    [AllowNull]
    public object? InputObject { get; set; }

    /// <summary>A type name that goes in front of those of every object that comes out, for views; empty: none.</summary>
    [Parameter]
    [AllowEmptyString]
    public string? TypeName { get; set; }

    /// <summary>
    /// The command in whose name errors are written, as <c>$PSCmdlet</c>. The end of a function with an error is one of them then, and
    /// the pipeline goes on with the command's next input.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    public PSCmdlet? Caller { get; set; }

    /// <summary>
    /// Folder of the C library, where no program around PowerShell offers functions: the library carries out what the parameters say.
    /// Empty where one does.
    /// </summary>
    [Parameter]
    [AllowEmptyString]
    public string? Library { get; set; }

    protected override void BeginProcessing()
    {
        _takesInput = MyInvocation.ExpectingInput || MyInvocation.BoundParameters.ContainsKey(nameof(InputObject));
        if (_takesInput)
        {
            Begin();
        }
    }

    protected override void ProcessRecord()
    {
        if (!_takesInput)
        {
            return;
        }

        while (_call!.TryTake(out FunctionMessage message))
        {
            Show(message);
        }

        // A function that has ended wants no more input.
        while (!_ended && !_call.OfferInput(WriteInput()))
        {
            WaitForRoom();
        }
    }

    protected override void EndProcessing()
    {
        if (_takesInput)
        {
            _call!.EndInput();
        }
        else
        {
            Begin();
        }

        while (!_ended)
        {
            Show(Next());
        }
    }

    protected override void StopProcessing()
    {
        _stopping = true;
        _call?.Cancel();
    }

    /// <summary>Called at the end, and where a pipeline is left early: <c>Select-Object -First 1</c>.</summary>
    public void Dispose() => _call?.Dispose();

    private void Begin()
    {
        if (!string.IsNullOrEmpty(Library))
        {
            BeginInLibrary(Library);
        }
        else
        {
            BeginInSlot();
        }

        if (_stopping)
        {
            _call?.Cancel();
        }
    }

    private void BeginInSlot()
    {
        if (Slot.Current is not { RunningCallId: not 0 } slot)
        {
            ThrowTerminatingError(FunctionError.Of(
                "Host functions can be called on the thread of the call only, not from jobs or other runspaces.",
                "HostFunctionOutsideOfCall",
                ErrorCategory.InvalidOperation,
                Name));
            return;
        }

        try
        {
            _call = FunctionCall.Begin(slot.Id, slot.RunningCallId, _arguments.WriteCall(Name, Parameters, _takesInput), slot.FunctionLookout);
        }
        catch (ArgumentException failure)
        {
            RefuseArguments(failure);
        }
    }

    private void BeginInLibrary(string folder)
    {
        try
        {
            _call = LibraryCall.Begin(folder, SessionState.Path.CurrentFileSystemLocation.ProviderPath, _arguments.WriteArguments(Parameters));
        }
        catch (ArgumentException failure)
        {
            RefuseArguments(failure);
        }
        catch (HostFunctionException failure)
        {
            ThrowTerminatingError(new ErrorRecord(failure, "LibraryRefused", ErrorCategory.ResourceUnavailable, folder));
        }
    }

    private ReadOnlySpan<byte> WriteInput()
    {
        try
        {
            return _arguments.WriteInput(InputObject);
        }
        catch (ArgumentException failure)
        {
            RefuseArguments(failure);
            return default;
        }
    }

    private void RefuseArguments(ArgumentException failure) =>
        ThrowTerminatingError(FunctionError.Of(failure.Message, "HostFunctionArguments", ErrorCategory.InvalidArgument, Name));

    private void WaitForRoom()
    {
        while (!_ended)
        {
            FunctionMessage message = Next();
            if (message.Kind == FunctionMessageKind.Room)
            {
                return;
            }

            Show(message);
        }
    }

    private FunctionMessage Next() => _call!.Take(out FunctionMessage message) ? message : throw new PipelineStoppedException();

    private void Show(FunctionMessage message)
    {
        // What is shown may end the pipeline from here: the function must be known to have ended first.
        _ended = message.IsLast;
        switch (message.Kind)
        {
            case FunctionMessageKind.Value:
                WriteObject(Typed(Read(message)), enumerateCollection: false);
                break;
            case FunctionMessageKind.Warning:
                WriteWarning(Text(message));
                break;
            case FunctionMessageKind.Verbose:
                WriteVerbose(Text(message));
                break;
            case FunctionMessageKind.Debug:
                WriteDebug(Text(message));
                break;
            case FunctionMessageKind.Information:
                WriteInformation(Text(message), []);
                break;
            case FunctionMessageKind.Progress:
                WriteProgress(ProgressOf((PSObject)Read(message)!));
                break;
            case FunctionMessageKind.Error:
                (Caller ?? this).WriteError(FunctionError.Read(message.Payload, Name));
                break;
            case FunctionMessageKind.Failed when Caller is not null:
                Caller.WriteError(FunctionError.Read(message.Payload, Name));
                break;
            case FunctionMessageKind.Failed:
                ThrowTerminatingError(FunctionError.Read(message.Payload, Name));
                break;
        }
    }

    private object? Typed(object? value)
    {
        if (!string.IsNullOrEmpty(TypeName) && value is PSObject bag)
        {
            bag.TypeNames.Insert(0, TypeName);
        }

        return value;
    }

    private static object? Read(FunctionMessage message)
    {
        Utf8JsonReader reader = new(message.Payload);
        reader.Read();
        return JsonValues.Read(ref reader, target: null);
    }

    private static string Text(FunctionMessage message) => Read(message)?.ToString() ?? string.Empty;

    // {activity, status?, percent?, current_operation?, id?, completed?}
    private static ProgressRecord ProgressOf(PSObject progress)
    {
        string? text(string name) => progress.Properties[name]?.Value as string;
        int number(string name, int otherwise) => progress.Properties[name]?.Value is int value ? value : otherwise;
        return new ProgressRecord(number("id", 0), text("activity") is { Length: > 0 } activity ? activity : "Working", text("status") is { Length: > 0 } status ? status : " ")
        {
            PercentComplete = Math.Clamp(number("percent", -1), -1, 100),
            CurrentOperation = text("current_operation") ?? string.Empty,
            RecordType = progress.Properties["completed"]?.Value is true ? ProgressRecordType.Completed : ProgressRecordType.Processing,
        };
    }
}
