using System;
using System.Management.Automation;
using System.Management.Automation.Host;

namespace Runspaced.Host.Host;

/// <summary>A screen of fixed size, so that formatted text comes out the same everywhere.</summary>
internal sealed class SlotRawUserInterface(Func<PromptQuestion, PromptReply> ask) : PSHostRawUserInterface
{
    private const string Title = "runspaced";
    private const int Cursor = 25;

    private static readonly Size s_size = new(200, 50);

    public override ConsoleColor ForegroundColor { get; set; } = ConsoleColor.Gray;

    public override ConsoleColor BackgroundColor { get; set; } = ConsoleColor.Black;

    public override Coordinates CursorPosition { get; set; }

    public override Coordinates WindowPosition { get; set; }

    public override int CursorSize { get; set; } = Cursor;

    public override Size BufferSize
    {
        get => s_size;
        set
        {
        }
    }

    public override Size WindowSize
    {
        get => s_size;
        set
        {
        }
    }

    public override Size MaxWindowSize => s_size;

    public override Size MaxPhysicalWindowSize => s_size;

    public override string WindowTitle { get; set; } = Title;

    public override bool KeyAvailable => false;

    public override KeyInfo ReadKey(ReadKeyOptions options)
    {
        string answer = ask(new PromptQuestion("read_line", string.Empty, "A key")).At(0);
        return new KeyInfo(0, answer.Length > 0 ? answer[0] : '\r', default, keyDown: true);
    }

    public override void FlushInputBuffer()
    {
    }

    public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw NoScreen();

    public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill) => throw NoScreen();

    public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) => throw NoScreen();

    // Clear-Host fills the screen: nothing to do on one that does not exist.
    public override void SetBufferContents(Rectangle rectangle, BufferCell fill)
    {
    }

    /// <summary>Everything a script may have set as it was at first.</summary>
    internal void Reset()
    {
        ForegroundColor = ConsoleColor.Gray;
        BackgroundColor = ConsoleColor.Black;
        CursorPosition = default;
        WindowPosition = default;
        CursorSize = Cursor;
        WindowTitle = Title;
    }

    private static PSNotSupportedException NoScreen() => new("There is no screen: this PowerShell runs inside another program.");
}
