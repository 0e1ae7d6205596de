// Drives an MCP server with @modelcontextprotocol/client in revision 2026-07-28.
// usage: node new-era.mjs commands|operations SERVER [ARGUMENT...] | URL TOKEN

import assert from "node:assert/strict";

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

import { check, person, transport } from "./connection.mjs";

const client = new Client(
  { name: "new-era", version: "1.0.0" },
  { versionNegotiation: { mode: { pin: "2026-07-28" } }, capabilities: { elicitation: { form: {} } } },
);
client.setRequestHandler("elicitation/create", async ({ params }) => person(params));
await client.connect(transport({ Stdio: StdioClientTransport, Http: StreamableHTTPClientTransport }));
assert.equal(client.getNegotiatedProtocolVersion(), "2026-07-28");
await check({
  client,
  list: () => client.listTools(),
  call: (params, options) => client.callTool(params, options),
});
await client.close();
