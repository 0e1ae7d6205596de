using System.Text.Json;
using Runspaced.Host.Interop;

namespace Runspaced.Host.Output;

/// <summary>Writes the third document of an answer. One for each slot.</summary>
internal sealed class MetaWriter
{
    private readonly Utf8JsonWriter _json = new(new System.Buffers.ArrayBufferWriter<byte>(), JsonStyle.Options);

    internal void Write(CallBuffer buffer, in AnswerMeta meta, OutputDocument output, RecordLog records)
    {
        _json.Reset(buffer);
        _json.WriteStartObject();
        _json.WriteString("status"u8, meta.Status);
        if (meta.ExitCode is { } exitCode)
        {
            _json.WriteNumber("exit_code"u8, exitCode);
        }

        if (meta.NativeExitCode is { } nativeExitCode)
        {
            _json.WriteNumber("native_exit_code"u8, nativeExitCode);
        }

        if (meta.Succeeded is { } succeeded)
        {
            _json.WriteBoolean("succeeded"u8, succeeded);
        }

        _json.WriteBoolean("had_errors"u8, meta.HadErrors || records.HadErrors || meta.Error is not null);
        if (meta.Error is { } error)
        {
            _json.WritePropertyName("error"u8);
            ErrorRecordWriter.Write(_json, error);
        }

        if (meta.Prompt is { } prompt)
        {
            _json.WritePropertyName("prompt"u8);
            _json.WriteRawValue(prompt, skipInputValidation: true);
        }

        _json.WriteNumber("count"u8, output.Count);
        output.Cuts.WriteTo(_json);
        records.WriteDropped(_json);
        _json.WriteStartObject("timings"u8);
        _json.WriteNumber("bind_us"u8, meta.BindMicroseconds);
        _json.WriteNumber("run_us"u8, meta.RunMicroseconds);
        _json.WriteNumber("write_us"u8, meta.WriteMicroseconds);
        _json.WriteEndObject();
        if (meta.Modules is { } modules)
        {
            _json.WriteStartArray("modules"u8);
            foreach (string module in modules)
            {
                _json.WriteStringValue(module);
            }

            _json.WriteEndArray();
        }

        _json.WriteEndObject();
        _json.Flush();
    }
}
