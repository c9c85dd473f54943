// Ends before it listens.
console.error("broken on purpose: ends at once");
process.exit(1);
