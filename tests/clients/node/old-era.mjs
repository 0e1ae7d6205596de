// Drives an MCP server with @modelcontextprotocol/sdk: revisions up to 2025-11-25.
// usage: node old-era.mjs SERVER [ARGUMENT...]

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";

import { check, person } from "./checks.mjs";

const [command, ...args] = process.argv.slice(2);
const client = new Client({ name: "old-era", version: "1.0.0" }, { capabilities: { elicitation: {} } });
client.setRequestHandler(ElicitRequestSchema, async ({ params }) => person(params));
await client.connect(new StdioClientTransport({ command, args }));
await check({
  client,
  list: () => client.listTools(),
  call: (params, options) => client.callTool(params, undefined, options),
});
await client.close();
