// Runs and never listens.
console.error("broken on purpose: hangs");
setInterval(() => {}, 1 << 30);
