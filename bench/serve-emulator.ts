/**
 * The emulator as a process of its own, answering at once; prints its address and runs until it is stopped.
 *
 *     node bench/serve-emulator.ts FOLDER
 */
import { startEmulator } from '../src/emulator/server.ts';

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
const emulator = await startEmulator({
  dataDir: process.argv[2] ?? '',
  latencyMs: 0,
  signal: stop.signal,
});
console.log(emulator.url);
