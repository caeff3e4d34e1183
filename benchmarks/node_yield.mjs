// Node's setImmediate and await in nanoseconds per round trip: one line each, name and median of 9.
const AWAITS = 100_000;

const viaSetImmediate = async () => {
    for (let i = 0; i < AWAITS; i++) await new Promise((resolve) => setImmediate(resolve));
};

const viaMicrotask = async () => {
    for (let i = 0; i < AWAITS; i++) await null;
};

for (const [name, run] of [["setImmediate", viaSetImmediate], ["awaitNull", viaMicrotask]]) {
    const times = [];
    for (let round = 0; round < 9; round++) {
        const started = process.hrtime.bigint();
        await run();
        times.push(Number(process.hrtime.bigint() - started) / AWAITS);
    }
    console.log(name, times.sort((a, b) => a - b)[4].toFixed(1));
}
