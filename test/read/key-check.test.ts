import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toWire } from '../../src/core/wire-text.ts';
import { FirstRowWins, PartitionedKeyCheck } from '../../src/read/key-check.ts';
import { temporaryFolder } from '../batch/temporary-folder.ts';

/** Takes keys in as reading does: after each so many rows it makes room. */
async function admitAll(
  check: PartitionedKeyCheck,
  keys: readonly string[],
  settleEvery: number,
): Promise<void> {
  for (const [index, key] of keys.entries()) {
    expect(check.admit(toWire(key), `record ${index + 1}`)).toBe(true);
    if (index % settleEvery === 0) await check.settle();
  }
}

describe('the check for duplicate keys', () => {
  it('finds a duplicate wherever it stands, and none where there is none', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 12 }), { minLength: 1, maxLength: 60 }),
        fc.option(fc.tuple(fc.nat(), fc.nat())),
        async (keys, repeat) => {
          await using folder = await temporaryFolder();
          await using check = new PartitionedKeyCheck(folder.path);
          // A lone surrogate is written as U+FFFD, and so is no key of its own.
          const distinct = [...new Set(keys.map((key) => key.toWellFormed()))];
          const repeated = repeat === null ? undefined : distinct[repeat[0] % distinct.length];
          const place = repeat === null ? 0 : repeat[1] % (distinct.length + 1);
          const read = repeated === undefined ? distinct : distinct.toSpliced(place, 0, repeated);
          await admitAll(check, read, 7);
          const verdict = check.verdict().then(
            () => null,
            (error: Error) => error.message,
          );
          const first = read.findIndex((key) => key === repeated) + 1;
          const second = read.findLastIndex((key) => key === repeated) + 1;
          expect(await verdict).toBe(
            repeated === undefined
              ? null
              : `Two rows have the key ${JSON.stringify(repeated)}: record ${first} and record ${second}.`,
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('finds a pair of which one was spilled to disk and the other was not', async () => {
    await using folder = await temporaryFolder();
    await using check = new PartitionedKeyCheck(folder.path);
    const long = 'x'.repeat(60_000);
    await admitAll(check, ['twice', long, ...Array.from({ length: 300 }, (_, n) => `${n} ${long}`)], 50);
    expect(existsSync(join(folder.path, 'keys'))).toBe(true);
    await admitAll(check, ['twice'], 2);
    await expect(check.verdict()).rejects.toMatchObject({ code: 'duplicate_key', exitCode: 2 });
  });

  it('passes many different keys of which most are spilled, and cleans up', async () => {
    await using folder = await temporaryFolder();
    {
      await using check = new PartitionedKeyCheck(folder.path);
      const padding = 'y'.repeat(500);
      await admitAll(
        check,
        Array.from({ length: 60_000 }, (_, n) => `${padding}${n}`),
        5000,
      );
      expect(existsSync(join(folder.path, 'keys'))).toBe(true);
      await check.verdict();
    }
    expect(existsSync(join(folder.path, 'keys'))).toBe(false);
  });
});

describe('on_duplicate_key: first', () => {
  it('lets the first row of each key pass', async () => {
    await using folder = await temporaryFolder();
    await using check = new FirstRowWins(folder.path);
    const admitted = ['a', 'b', 'a', '', 'ü', '', 'c', 'b'].map((key) => check.admit(toWire(key)));
    expect(admitted).toEqual([true, true, false, true, true, false, true, false]);
  });

  it('begins anew over what a killed process left', async () => {
    await using folder = await temporaryFolder();
    // Without a journal a database that was being written to may be broken.
    await writeFile(join(folder.path, 'keys.db'), 'SQLite format 3\0 and then nothing that makes sense');
    await using check = new FirstRowWins(folder.path);
    expect([check.admit(toWire('a')), check.admit(toWire('a'))]).toEqual([true, false]);
  });
});
