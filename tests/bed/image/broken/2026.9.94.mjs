// Refuses its configuration.
console.error("broken on purpose: Config invalid: gateway.bind: Invalid input");
process.exit(78);
