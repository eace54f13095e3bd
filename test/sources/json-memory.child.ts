import { dirname } from 'node:path';
import { json } from '../../src/sources/json.ts';

/** Counts the records of the file that it is given: those of the list at data.items. */
const { signal } = new AbortController();
const path = process.argv[2] ?? '';
const folder = dirname(path);
const config = json.config.parse({ path, pick: 'data.items' });
const source = await json.open(config, {
  key: ['id'],
  baseDir: folder,
  stateDir: folder,
  signal,
  warn: console.error,
});
let rows = 0;
for await (const batch of source.read({ fields: ['id', 'body'], signal })) {
  for (let row = 0; row < batch.length; row += 1) rows += batch.printed(row, 1).length > 0 ? 1 : 0;
}
console.log(rows);
