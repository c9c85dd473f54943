// Is whole for a minute, and then ends.
console.error("broken on purpose: ends after a minute");
setTimeout(() => process.exit(1), 60_000);
await import("./openclaw-whole.mjs");
