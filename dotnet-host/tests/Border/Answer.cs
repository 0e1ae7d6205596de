using System.Linq;
using System.Text.Json.Nodes;

namespace Runspaced.Host.Tests.Border;

/// <summary>The answer of a call, and what was found after it.</summary>
internal sealed record Answer(JsonNode Output, JsonNode Records, JsonNode Meta, JsonNode Settlement)
{
    internal string Status => (string)Meta["status"]!;

    internal string Verdict => (string)Settlement["verdict"]!;

    internal string[] Changes => [.. Settlement["changes"]!.AsArray().Select(change => (string)change!)];

    internal string Error => (string?)Meta["error"]?["message"] ?? string.Empty;

    /// <summary>The output as compact JSON.</summary>
    internal string Json => Output.ToJsonString();

    internal string[] Streams => [.. Records.AsArray().Select(record => (string)record!["stream"]!)];
}
