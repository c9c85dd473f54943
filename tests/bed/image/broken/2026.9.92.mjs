// Listens and is never well.
import { createServer } from "node:http";
console.error("broken on purpose: answers 500");
createServer((_, answer) => answer.writeHead(500).end("broken on purpose")).listen(18789, "0.0.0.0");
process.on("SIGTERM", () => process.exit(0));
