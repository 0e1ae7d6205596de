using System.Text.Encodings.Web;
using System.Text.Json;

namespace Runspaced.Host.Output;

/// <summary>How all documents are written.</summary>
internal static class JsonStyle
{
    // Validation would check our own calls. The relaxed encoder leaves everything as it is that JSON allows: the output
    // goes into no web page.
    internal static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };
}
