// What both SDKs need: the server, the check, the person.

const [checks, first, ...rest] = process.argv.slice(2);

// The check that the first argument names: commands or operations.
export const { check } = await import(`./${checks}.mjs`);

// The transport to a server given as SERVER [ARGUMENT...] or as URL TOKEN.
export function transport({ Stdio, Http }) {
  if (!first.startsWith("http")) return new Stdio({ command: first, args: rest, env: process.env });
  return new Http(new URL(first), { requestInit: { headers: { Authorization: `Bearer ${rest[0]}` } } });
}

// The person at the client.
export function person({ message }) {
  const answers = { Name: "ann", "Colour\nWhich colour, ann?": "Red" };
  return { action: "accept", content: { answer: answers[message] ?? "Yes" } };
}
