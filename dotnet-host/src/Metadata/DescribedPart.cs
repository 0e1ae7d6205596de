using System;
using System.Text.Json;
using Runspaced.Host.Binding;

namespace Runspaced.Host.Metadata;

/// <summary>
/// Which of the commands that are found a call describes: all, or one of several parts. Each slot of a process that is asked for
/// another part does its share of one work.
/// </summary>
internal readonly struct DescribedPart
{
    private const int MostParts = 64;

    private readonly int _index;
    private readonly int _parts;

    /// <summary>Reads <c>part</c> (from 0) and <c>parts</c> of a request; without them, it is all.</summary>
    /// <exception cref="RefusalException">There is no such part.</exception>
    internal DescribedPart(CallRequest request)
    {
        _parts = 1;
        if (!request.Parameters.IsPresent)
        {
            return;
        }

        Utf8JsonReader reader = new(request.Parameters.In(request.Bytes), RequestReader.Options);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isIndex = reader.ValueTextEquals("part"u8);
            bool isParts = reader.ValueTextEquals("parts"u8);
            string? other = isIndex || isParts ? null : reader.GetString();
            reader.Read();
            if (other is not null || reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out int number))
            {
                throw new RefusalException($"A description takes the whole numbers part and parts, not '{other ?? reader.TokenType.ToString()}'.");
            }

            _index = isIndex ? number : _index;
            _parts = isParts ? number : _parts;
        }

        if (_parts is < 1 or > MostParts || _index < 0 || _index >= _parts)
        {
            throw new RefusalException($"There is no part {_index} of {_parts} parts: parts are 1 to {MostParts}, and the first is 0.");
        }
    }

    internal bool Has(string name) =>
        _parts <= 1 || (uint)StringComparer.OrdinalIgnoreCase.GetHashCode(name) % (uint)_parts == (uint)_index;
}
