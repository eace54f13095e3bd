/** A process that uses a spawned emulator until it is killed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnEmulator } from '../../src/emulator/spawn.ts';

const [, , dataDir = ''] = process.argv;
const emulator = await spawnEmulator({ dataDir, signal: new AbortController().signal });
process.send?.(emulator.url);
await sleep(60_000);
