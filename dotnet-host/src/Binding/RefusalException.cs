using System;
using System.Management.Automation;

namespace Runspaced.Host.Binding;

/// <summary>A request that is understood but cannot be bound; nothing of it ran.</summary>
internal sealed class RefusalException : Exception
{
    internal RefusalException(
        string message,
        string errorId = "ArgumentRefused",
        ErrorCategory category = ErrorCategory.InvalidArgument,
        object? target = null,
        string? command = null,
        Exception? cause = null)
        : base(message, cause)
    {
        ErrorId = errorId;
        Category = category;
        Target = target;
        Command = command;
    }

    internal string ErrorId { get; }

    internal ErrorCategory Category { get; }

    internal object? Target { get; }

    internal string? Command { get; }

    internal ErrorRecord ToErrorRecord()
    {
        ErrorRecord record = new(this, ErrorId, Category, Target);
        if (Command is not null)
        {
            record.CategoryInfo.Activity = Command;
        }

        return record;
    }
}
