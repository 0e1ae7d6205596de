using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace Runspaced.Host.Host;

/// <summary>
/// Questions go to the running call's audience. Of what is written only text for the host itself is new: records
/// of the streams arrive through the streams.
/// </summary>
internal sealed class SlotUserInterface : PSHostUserInterface
{
    private InformationRecord? _alreadyRecorded;

    private readonly SlotRawUserInterface _screen;

    internal SlotUserInterface() => _screen = new SlotRawUserInterface(Ask);

    public override PSHostRawUserInterface RawUI => _screen;

    /// <summary>Title, colours and cursor as they were at first.</summary>
    internal void ResetScreen() => _screen.Reset();

    public override bool SupportsVirtualTerminal => false;

    /// <summary>The running call; null between calls, when nobody listens.</summary>
    internal IHostAudience? Audience { get; set; }

    /// <summary>
    /// An information record that is shown arrives twice, first as a record and then here as its text: remember it, so
    /// that it is written once.
    /// </summary>
    internal void ExpectEcho(InformationRecord record) => _alreadyRecorded = record;

    public override void Write(string value)
    {
        if (_alreadyRecorded is { } record)
        {
            _alreadyRecorded = null;
            if (value == ((record.MessageData as HostInformationMessage)?.Message ?? record.ToString()))
            {
                return;
            }
        }

        Audience?.OnHostText(value);
    }

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Write(value);

    public override void WriteLine() => Write(string.Empty);

    public override void WriteLine(string value) => Write(value);

    public override void WriteLine(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Write(value);

    public override void WriteErrorLine(string value) => Write(value);

    public override void WriteDebugLine(string message)
    {
    }

    public override void WriteVerboseLine(string message)
    {
    }

    public override void WriteWarningLine(string message)
    {
    }

    public override void WriteProgress(long sourceId, ProgressRecord record)
    {
    }

    public override string ReadLine() => Ask(new PromptQuestion("read_line", string.Empty, string.Empty)).At(0);

    public override SecureString ReadLineAsSecureString() =>
        Secure(Ask(new PromptQuestion("read_secure", string.Empty, string.Empty)).At(0));

    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions)
    {
        PromptReply reply = Ask(QuestionOf(caption ?? string.Empty, message ?? string.Empty, descriptions));
        Dictionary<string, PSObject> answers = [];
        for (int index = 0; index < descriptions.Count; index++)
        {
            FieldDescription description = descriptions[index];
            answers[description.Name] = PSObject.AsPSObject(ValueOf(description.ParameterTypeFullName, reply.At(index)));
        }

        return answers;
    }

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) =>
        PromptForCredential(caption, message, userName, targetName, PSCredentialTypes.Default, PSCredentialUIOptions.Default);

    public override PSCredential PromptForCredential(
        string caption,
        string message,
        string userName,
        string targetName,
        PSCredentialTypes allowedCredentialTypes,
        PSCredentialUIOptions options)
    {
        PromptQuestion question = new("credential", caption ?? string.Empty, message ?? string.Empty)
        {
            Fields = string.IsNullOrEmpty(userName) ? ["UserName", "Password"] : ["UserName", "Password", userName],
        };
        PromptReply reply = Ask(question);
        string user = reply.At(0) is { Length: > 0 } given ? given : userName;
        return string.IsNullOrEmpty(user) ? throw new PromptBlockedException(question) : new PSCredential(user, Secure(reply.At(1)));
    }

    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        List<string> labels = [];
        foreach (ChoiceDescription choice in choices)
        {
            labels.Add(choice.Label);
        }

        PromptQuestion question = new("choice", caption ?? string.Empty, message ?? string.Empty)
        {
            Fields = labels,
            DefaultChoice = defaultChoice,
        };
        string answer = Ask(question).At(0);
        if (answer.Length == 0 && defaultChoice >= 0)
        {
            return defaultChoice;
        }

        return int.TryParse(answer, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < choices.Count
            ? index
            : throw new PromptBlockedException(question);
    }

    // PowerShell converts texts to what a parameter takes, but for these two.
    private static object ValueOf(string type, string text)
    {
        if (type == typeof(SecureString).FullName)
        {
            return Secure(text);
        }

        return type == typeof(bool).FullName && bool.TryParse(text, out bool on) ? on : text;
    }

    // Read-Host with a text comes as a prompt for one field of that name.
    private static PromptQuestion QuestionOf(string caption, string message, Collection<FieldDescription> descriptions)
    {
        if (caption.Length == 0 && message.Length == 0 && descriptions.Count == 1)
        {
            bool secure = descriptions[0].ParameterTypeFullName == typeof(SecureString).FullName;
            return new PromptQuestion(secure ? "read_secure" : "read_line", caption, descriptions[0].Name);
        }

        List<string> names = [];
        List<string> types = [];
        foreach (FieldDescription description in descriptions)
        {
            names.Add(description.Name);
            types.Add(description.ParameterTypeFullName);
        }

        return new PromptQuestion("prompt", caption, message) { Fields = names, Types = types };
    }

    private PromptReply Ask(PromptQuestion question) => Audience?.Ask(question) ?? throw new PromptBlockedException(question);

    private static SecureString Secure(string text)
    {
        SecureString secure = new();
        foreach (char unit in text)
        {
            secure.AppendChar(unit);
        }

        secure.MakeReadOnly();
        return secure;
    }
}
