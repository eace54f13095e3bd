import { expect, test } from 'vitest';
import type { PieceCounts } from '../../src/core/sink.ts';
import { StalePiecesLater } from '../../src/read/stale-pieces.ts';
import { temporaryFolder } from '../batch/temporary-folder.ts';

const { signal } = new AbortController();
const never = () => expect.unreachable();

test('keys with characters that other tools take for line ends come back whole', async () => {
  await using folder = await temporaryFolder();
  const deleted: PieceCounts[] = [];
  const deletePieces = (records: PieceCounts) => {
    deleted.push(records);
    return Promise.resolve([]);
  };
  await using later = await StalePiecesLater.open(folder.path, { deletePieces, warn: never }, signal);
  await later.delete([
    { key: ['a\u2028b', 'c\u2029d'], count: 2 },
    { key: ['e\u0085f', 'g\r\nh'], count: 1 },
  ]);
  await later.delete([{ key: ['i', ''], count: 3 }]);
  expect(deleted).toEqual([]);
  await later.finish();
  expect(deleted).toEqual([
    {
      keys: [
        ['a\u2028b', 'c\u2029d'],
        ['e\u0085f', 'g\r\nh'],
        ['i', ''],
      ],
      counts: [2, 1, 3],
    },
  ]);
});

test('nothing is deleted where nothing was noted', async () => {
  await using folder = await temporaryFolder();
  await using later = await StalePiecesLater.open(folder.path, { deletePieces: never, warn: never }, signal);
  await expect(later.finish()).resolves.toBeUndefined();
});
