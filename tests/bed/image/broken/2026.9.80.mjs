// Not broken, but light: answers as the gateway does and is nothing else, so that many fit on a node.
import { createServer } from "node:http";
const token = process.env.OPENCLAW_GATEWAY_TOKEN;
const say = (answer, status, value) =>
  answer.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
createServer((request, answer) => {
  if (request.url === "/tools/invoke") {
    const is_known = token && request.headers.authorization === `Bearer ${token}`;
    return say(answer, is_known ? 200 : 401, {});
  }
  return say(answer, 200, { ok: true });
}).listen(18789, "0.0.0.0");
process.on("SIGTERM", () => process.exit(0));
