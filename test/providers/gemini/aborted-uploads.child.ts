// Breaks off uploads of the file named by the first argument to the server named by the second, at any moment, and
// prints how many were; an error that nobody catches ends the process.
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { chunkFile } from '../chunk-file.ts';
import { openProvider } from './open.ts';

const [, , path = '', baseUrl = ''] = process.argv;
const uploads = 200;
const { batches } = await openProvider({ base_url: baseUrl });
const { size } = await stat(path);
let aborted = 0;
for (let upload = 0; upload < uploads; upload += 1) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error('stop')), (upload % 40) + Math.random());
  try {
    await batches.store?.(chunkFile({ path, bytes: size }), controller.signal);
  } catch {
    aborted += 1;
  }
  clearTimeout(timer);
}
// What is thrown by streams comes a little later.
await sleep(200);
process.stdout.write(String(aborted));
