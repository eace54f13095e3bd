// Breaks off creates with the file named by the first argument at the server named by the second, at any moment, and
// prints how many were; an error that nobody catches ends the process.
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { chunkFile } from '../chunk-file.ts';
import { openProvider } from './open.ts';

const [, , path = '', baseUrl = ''] = process.argv;
const creates = 200;
const { batches } = await openProvider({ base_url: baseUrl });
const { size } = await stat(path);
let aborted = 0;
for (let create = 0; create < creates; create += 1) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error('stop')), (create % 40) + Math.random());
  try {
    await batches.create(chunkFile({ path, bytes: size }), null, controller.signal);
  } catch {
    aborted += 1;
  }
  clearTimeout(timer);
}
// What is thrown by streams comes a little later.
await sleep(200);
process.stdout.write(String(aborted));
