using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Management.Automation;
using System.Net;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml;

namespace Runspaced.Host.Output;

internal sealed partial class ValueWriter
{
    private const int LongestWholeText = 4_096;
    private const int SegmentChars = 8_192;
    private const int BytesPerChar = 6;

    // A multiple of 3: segments of base64 join without padding.
    private const int SegmentBytes = 12_288;

    private void WriteScalar(ValueKind kind, object value)
    {
        switch (kind)
        {
            case ValueKind.Char:
                char single = (char)value;
                WriteText(new ReadOnlySpan<char>(in single));
                break;
            case ValueKind.Boolean:
                _json.WriteBooleanValue((bool)value);
                break;
            case ValueKind.Switch:
                _json.WriteBooleanValue(((SwitchParameter)value).IsPresent);
                break;
            case ValueKind.Integer:
                _json.WriteNumberValue(ToInt64(value));
                break;
            case ValueKind.UnsignedInteger:
                _json.WriteNumberValue((ulong)value);
                break;
            case ValueKind.WideInteger:
                WriteWideInteger(value);
                break;
            case ValueKind.Decimal:
                _json.WriteNumberValue((decimal)value);
                break;
            case ValueKind.Double:
                WriteDouble((double)value);
                break;
            case ValueKind.Single when float.IsFinite((float)value):
                _json.WriteNumberValue((float)value);
                break;
            case ValueKind.Single:
                WriteDouble((float)value);
                break;
            case ValueKind.Half when Half.IsFinite((Half)value):
                _json.WriteRawValue(((Half)value).ToString(CultureInfo.InvariantCulture), skipInputValidation: true);
                break;
            case ValueKind.Half:
                WriteDouble((double)(Half)value);
                break;
            case ValueKind.DateTime:
                _json.WriteStringValue((DateTime)value);
                break;
            case ValueKind.DateTimeOffset:
                _json.WriteStringValue((DateTimeOffset)value);
                break;
            case ValueKind.DateOnly:
                _json.WriteStringValue(TemporalText.Of((DateOnly)value));
                break;
            case ValueKind.TimeOnly:
                _json.WriteStringValue(TemporalText.Of((TimeOnly)value));
                break;
            case ValueKind.TimeSpan:
                Span<char> room = stackalloc char[TemporalText.LongestTimeSpan];
                _json.WriteStringValue(TemporalText.Of((TimeSpan)value, room));
                break;
            case ValueKind.Guid:
                _json.WriteStringValue((Guid)value);
                break;
            case ValueKind.Enum:
                WriteText(value.ToString());
                break;
            default:
                _json.WriteNullValue();
                break;
        }
    }

    private void WriteLeaf(ValueKind kind, object value)
    {
        switch (kind)
        {
            case ValueKind.Text:
                WriteTextOf(value, static value => value.ToString());
                break;
            case ValueKind.Opaque:
                WriteText(value.GetType().ToString());
                break;
            case ValueKind.Encoding:
                WriteTextOf(value, static value => ((Encoding)value).WebName);
                break;
            case ValueKind.Xml:
                WriteTextOf(value, static value => ((XmlNode)value).OuterXml);
                break;
            case ValueKind.Json:
                WriteJson(value);
                break;
            case ValueKind.ByteArray:
                WriteBytes((byte[])value);
                break;
            case ValueKind.ByteStream:
                WriteStream((MemoryStream)value);
                break;
            case ValueKind.Bytes:
                WriteByteSequence((IEnumerable<byte>)value);
                break;
            case ValueKind.Secret:
                _json.WriteStringValue("***"u8);
                break;
            case ValueKind.Credential:
                WriteCredential(((PSCredential)value).UserName, domain: null);
                break;
            case ValueKind.NetworkCredential:
                WriteNetworkCredential(value);
                break;
            case ValueKind.Error:
                ErrorRecordWriter.Write(_json, (ErrorRecord)value, (int)Math.Clamp(Remaining / 64, 64, _limits.StringChars));
                break;
            default:
                WriteRegexGroup((Group)value);
                break;
        }
    }

    private static long ToInt64(object value) => value switch
    {
        int number => number,
        long number => number,
        byte number => number,
        uint number => number,
        short number => number,
        ushort number => number,
        sbyte number => number,
        _ => Convert.ToInt64(value, CultureInfo.InvariantCulture),
    };

    private void WriteDouble(double value)
    {
        if (double.IsFinite(value))
        {
            _json.WriteNumberValue(value);
            return;
        }

        _cuts.AddNonFinite(_path);
        _json.WriteStringValue(double.IsNaN(value) ? "NaN"u8 : value > 0 ? "Infinity"u8 : "-Infinity"u8);
    }

    private void WriteWideInteger(object value)
    {
        if (value is BigInteger big && big.GetBitLength() * 0.302 is var digits && digits > Math.Min(_limits.StringChars, Remaining))
        {
            // A cut number would be a wrong number; the count of its digits is all that can be said.
            CutReason reason = digits > _limits.StringChars ? CutReason.String : CutReason.Bytes;
            if (reason == CutReason.Bytes)
            {
                _stopped = reason;
            }

            _cuts.AddCut(reason, _path, (long)digits);
            Marker.WriteCut(_json, reason, (long)digits);
            return;
        }

        _json.WriteRawValue(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture), skipInputValidation: true);
    }

    private void WriteTextOf(object value, Func<object, string?> read)
    {
        string? text;
        try
        {
            text = read(value);
        }
        catch (Exception exception) when (!StopSignal.Is(exception))
        {
            Marker.WriteError(_json, exception);
            return;
        }

        if (text is null)
        {
            _json.WriteNullValue();
        }
        else
        {
            WriteText(text);
        }
    }

    private void WriteText(ReadOnlySpan<char> text)
    {
        if (text.Length <= LongestWholeText && text.Length <= _limits.StringChars && text.Length * BytesPerChar <= Remaining)
        {
            _json.WriteStringValue(text);
        }
        else
        {
            WriteLongText(text);
        }
    }

    /// <summary>
    /// Writes a text piece by piece, so that neither a copy of it nor room for its longest form is needed, and cuts it
    /// between two characters where a budget ends.
    /// </summary>
    private void WriteLongText(ReadOnlySpan<char> text)
    {
        int kept = TextBoundary.Before(text, Math.Min(text.Length, Math.Max(_limits.StringChars, 0)));
        int written = 0;
        while (written < kept)
        {
            long fitting = Math.Max(Remaining, 0) / BytesPerChar;
            int take = (int)Math.Min(Math.Min(kept - written, SegmentChars), fitting);
            take = TextBoundary.Before(text[written..], take);
            if (take == 0)
            {
                break;
            }

            _json.WriteStringValueSegment(text.Slice(written, take), isFinalSegment: false);
            written += take;
        }

        _json.WriteStringValueSegment(ReadOnlySpan<char>.Empty, isFinalSegment: true);
        if (written < kept)
        {
            _stopped = CutReason.Bytes;
            _cuts.AddCut(CutReason.Bytes, _path, Encoding.UTF8.GetByteCount(text[written..]));
        }
        else if (kept < text.Length)
        {
            _cuts.AddCut(CutReason.String, _path, text.Length - kept);
        }
    }

    private void WriteBytes(ReadOnlySpan<byte> bytes, long? omittedBytes = 0)
    {
        long byString = _limits.StringChars / 4L * 3;
        long byRoom = Math.Max(Remaining, 0) / 4 * 3;
        int kept = (int)Math.Min(bytes.Length, Math.Min(byString, byRoom));
        if (kept < bytes.Length)
        {
            kept -= kept % 3;
        }

        ReadOnlySpan<byte> rest = bytes[..kept];
        while (rest.Length > SegmentBytes)
        {
            _json.WriteBase64StringSegment(rest[..SegmentBytes], isFinalSegment: false);
            rest = rest[SegmentBytes..];
        }

        _json.WriteBase64StringSegment(rest, isFinalSegment: true);
        if (kept < bytes.Length || omittedBytes != 0)
        {
            CutReason reason = byRoom < byString ? CutReason.Bytes : CutReason.String;
            if (reason == CutReason.Bytes)
            {
                _stopped = reason;
            }

            long? omitted = (bytes.Length - kept + omittedBytes + 2) / 3 * 4;
            _cuts.AddCut(reason, _path, omitted);
        }
    }

    private void WriteStream(MemoryStream stream)
    {
        if (stream.TryGetBuffer(out ArraySegment<byte> buffer))
        {
            WriteBytes(buffer);
        }
        else
        {
            try
            {
                WriteBytes(stream.ToArray());
            }
            catch (Exception exception) when (!StopSignal.Is(exception))
            {
                Marker.WriteError(_json, exception);
            }
        }
    }

    private void WriteByteSequence(IEnumerable<byte> bytes)
    {
        // One more than fits shows whether there are more; an endless sequence ends here.
        long most = (Math.Min(_limits.StringChars, Math.Max(Remaining, 0)) / 4 * 3) + 1;
        List<byte> kept = [];
        try
        {
            foreach (byte value in bytes)
            {
                kept.Add(value);
                if (kept.Count >= most)
                {
                    break;
                }
            }
        }
        catch (Exception exception) when (!StopSignal.Is(exception))
        {
            Marker.WriteError(_json, exception);
            return;
        }

        long? omitted = kept.Count < most ? 0 : bytes is ICollection<byte> collection ? collection.Count - kept.Count : null;
        WriteBytes(CollectionsMarshal.AsSpan(kept), omitted);
    }

    private void WriteNetworkCredential(object value) => WriteCredential(((NetworkCredential)value).UserName, ((NetworkCredential)value).Domain);

    private void WriteCredential(string? user, string? domain)
    {
        _json.WriteStartObject();
        _json.WriteString("UserName"u8, user);
        if (domain is not null)
        {
            _json.WriteString("Domain"u8, domain);
        }

        _json.WriteString("Password"u8, "***"u8);
        _json.WriteEndObject();
    }

    private void WriteJson(object value)
    {
        string text;
        try
        {
            text = value switch
            {
                JsonElement element => element.ValueKind == JsonValueKind.Undefined ? "null" : element.GetRawText(),
                JsonDocument document => document.RootElement.GetRawText(),
                _ => ((JsonNode)value).ToJsonString(),
            };
        }
        catch (Exception exception) when (!StopSignal.Is(exception))
        {
            Marker.WriteError(_json, exception);
            return;
        }

        if (text.Length * 3L <= Remaining)
        {
            _json.WriteRawValue(text, skipInputValidation: true);
        }
        else
        {
            WriteText(text);
        }
    }

    /// <summary>
    /// A match and its groups, flat: in .NET each group has captures of which it is one itself, and the first group of
    /// a match is the match.
    /// </summary>
    private void WriteRegexGroup(Group group)
    {
        if (!Enter(group, count: null))
        {
            return;
        }

        _json.WriteStartObject();
        _json.WriteString("Name"u8, group.Name);
        _json.WriteBoolean("Success"u8, group.Success);
        _json.WriteNumber("Index"u8, group.Index);
        _json.WriteNumber("Length"u8, group.Length);
        _json.WritePropertyName("Value"u8);
        _path.SetName("Value");
        WriteText(group.ValueSpan);
        if (group is Match match)
        {
            _json.WritePropertyName("Groups"u8);
            _path.SetName("Groups");
            WriteGroups(match);
        }

        _json.WriteEndObject();
        Leave();
    }

    private void WriteGroups(Match match)
    {
        _json.WriteStartArray();
        _path.Push();
        for (int index = 0; index < match.Groups.Count; index++)
        {
            _path.SetIndex(index);
            if (!MayGoOn() || index >= _limits.Items)
            {
                MarkRestOfArray(_stopped ?? CutReason.Items, match.Groups.Count - index);
                break;
            }

            Group group = match.Groups[index];
            _json.WriteStartObject();
            _json.WriteString("Name"u8, group.Name);
            _json.WriteBoolean("Success"u8, group.Success);
            _json.WriteNumber("Index"u8, group.Index);
            _json.WriteNumber("Length"u8, group.Length);
            _json.WritePropertyName("Value"u8);
            WriteText(group.ValueSpan);
            _json.WriteEndObject();
        }

        _path.Pop();
        _json.WriteEndArray();
    }
}
