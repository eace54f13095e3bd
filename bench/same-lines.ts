import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { globSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

const everyNth = 97;

/**
 * Makes sure that both sides of a comparison did the same work: as many lines, and a sample of them equal once parsed,
 * all keys included.
 *
 * @throws AssertionError
 */
export async function compareLines(buildFolder: string, file: string, rows: number): Promise<void> {
  const requests = globSync('requests-*.jsonl', { cwd: buildFolder }).sort();
  const ours = await readSample(requests.map((name) => join(buildFolder, name)));
  const theirs = await readSample([file]);
  strictEqual(ours.lines, rows);
  strictEqual(theirs.lines, rows);
  deepStrictEqual(ours.sample, theirs.sample);
}

async function readSample(files: readonly string[]) {
  const sample = new Map<string, unknown>();
  let lines = 0;
  for (const path of files) {
    await using file = await open(path);
    for await (const line of file.readLines({ encoding: 'utf8' })) {
      lines += 1;
      const id = /"custom_id"\s*:\s*"(\d+)"/.exec(line)?.[1];
      if (id !== undefined && Number(id) % everyNth === 0) sample.set(id, JSON.parse(line));
    }
  }
  return { lines, sample };
}
