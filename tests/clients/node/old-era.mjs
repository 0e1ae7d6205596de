// Drives an MCP server with @modelcontextprotocol/sdk: revisions up to 2025-11-25.
// usage: node old-era.mjs commands|operations SERVER [ARGUMENT...] | URL TOKEN

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";

import { check, person, transport } from "./connection.mjs";

const client = new Client({ name: "old-era", version: "1.0.0" }, { capabilities: { elicitation: {} } });
client.setRequestHandler(ElicitRequestSchema, async ({ params }) => person(params));
await client.connect(transport({ Stdio: StdioClientTransport, Http: StreamableHTTPClientTransport }));
await check({
  client,
  list: () => client.listTools(),
  call: (params, options) => client.callTool(params, undefined, options),
});
await client.close();
