import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import type { ChunkState } from '../../../src/ledger/chunk-state.ts';
import { noCost } from '../../../src/ledger/cost.ts';
import { openLedger } from '../../../src/ledger/open.ts';
import { temporaryFolder } from '../../batch/temporary-folder.ts';
import { createRun } from '../new-run.ts';
import { dropTwelve } from './without-twelve.ts';

const states: readonly (readonly [ChunkState, Uint8Array | null])[] = [
  ['loaded', Uint8Array.of(1, 2, 1)],
  ['refused', Uint8Array.of(0, 0, 0)],
  ['submitted', null],
];

it('of a ledger from before costs were kept, only what was answered has an unknown one', async () => {
  await using folder = await temporaryFolder();
  {
    await using ledger = await openLedger(folder.path);
    await createRun(ledger, 'a');
    const counts = { records: 3, read: 3, filtered: 0, skipped: 0 };
    for (const index of states.keys()) {
      const chunk = { chunk: index + 1, requests: 3, bytes: 1, tokens: 1, sha256: '' };
      await ledger.commitReading('a', { chunk, cursor: null, counts, failures: [] });
    }
  }
  {
    using database = new DatabaseSync(join(folder.path, 'ledger.db'));
    dropTwelve(database);
    database.exec('PRAGMA user_version = 11');
    for (const [index, [state, rowStates]] of states.entries())
      database
        .prepare('UPDATE chunks SET state = ?, row_states = ? WHERE chunk = ?')
        .run(state, rowStates, index + 1);
  }
  await using ledger = await openLedger(folder.path);
  const chunks = await ledger.chunks('a');
  expect(chunks.map(({ cost }) => cost)).toEqual([{ ...noCost, unpriced: 3 }, noCost, noCost]);
});
