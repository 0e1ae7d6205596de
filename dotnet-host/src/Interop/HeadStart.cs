using System;
using System.Buffers;
using System.Linq.Expressions;
using System.Management.Automation.Language;
using System.Text.Json;
using System.Threading;
using Runspaced.Host.Binding;

namespace Runspaced.Host.Interop;

/// <summary>
/// Uses for the first time, on a thread of its own while the first runspace opens, what the first script needs right
/// after it: the parser, the compiler of expressions, reading and writing JSON.
/// </summary>
internal static class HeadStart
{
    private const int StackBytes = 512 << 10;

    internal static void Begin()
    {
        if (Environment.ProcessorCount < 2)
        {
            return;
        }

        Thread thread = new(Run, StackBytes) { IsBackground = true, Name = "runspaced head start" };
        thread.Start();
    }

    private static void Run()
    {
        try
        {
            Parser.ParseInput("param($a) $a | ForEach-Object { \"$($_.Name)\" }; [pscustomobject]@{ A = 1 }", out _, out _);
            ParameterExpression value = Expression.Parameter(typeof(object));
            Expression<Func<object, object>> same = Expression.Lambda<Func<object, object>>(
                Expression.Block(Expression.TryFinally(value, Expression.Empty())), value);
            same.Compile(preferInterpretation: true)(value);
            Exchange();
        }
        catch (Exception failure)
        {
            Border.Log(LogLevel.Debug, $"The head start failed: {failure.Message}");
        }
    }

    private static void Exchange()
    {
        byte[] request = "{\"kind\":\"script\",\"text\":\"1\",\"parameters\":{\"a\":1},\"isolation\":\"scoped\"}"u8.ToArray();
        RequestReader.Read(new CallRequest { Bytes = request, Length = request.Length });
        using Utf8JsonWriter json = new(new ArrayBufferWriter<byte>());
        json.WriteStartObject();
        json.WriteString("text"u8, "text");
        json.WriteNumber("number"u8, 1);
        json.WriteEndObject();
    }
}
