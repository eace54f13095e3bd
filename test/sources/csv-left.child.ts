import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { csv } from '../../src/sources/csv.ts';

/** Begins to read the file that it is given, dawdles, and leaves it: the process must then end by itself. */
const { signal } = new AbortController();
const path = process.argv[2] ?? '';
const folder = dirname(path);
const source = await csv.open(csv.config.parse({ path }), {
  key: ['id'],
  baseDir: folder,
  stateDir: folder,
  signal,
  warn: console.error,
});
let grownBy = 0;
for await (const batch of source.read({ fields: ['body'], signal })) {
  const before = process.memoryUsage.rss();
  await wait(2000);
  grownBy = process.memoryUsage.rss() - before;
  if (batch.length > 0) break;
}
console.log(grownBy);
