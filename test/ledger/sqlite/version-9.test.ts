import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { openLedger } from '../../../src/ledger/open.ts';
import { temporaryFolder } from '../../batch/temporary-folder.ts';
import { createRun } from '../new-run.ts';
import { dropTwelve } from './without-twelve.ts';

const failure = {
  key: ['k'],
  stage: 'request',
  message: '',
  attempts: 3,
  chunk: null,
  batchId: null,
  requestHash: 'h',
  request: null,
} as const;

/** Takes away what the version before did not have. */
function makeOld(path: string): void {
  using database = new DatabaseSync(path);
  dropTwelve(database);
  for (const column of ['reported', 'unread', 'truncated', 'lane', 'in_doubt', 'cancelled_at'])
    database.exec(`ALTER TABLE chunks DROP COLUMN ${column}`);
  for (const column of ['deadline_at', 'deadline_met', 'cut_over_at'])
    database.exec(`ALTER TABLE runs DROP COLUMN ${column}`);
  database.exec('DROP TABLE durations; ALTER TABLE failed_rows DROP COLUMN blame; PRAGMA user_version = 9');
}

it('a ledger from before failures were blamed forgets those that were not the row’s', async () => {
  await using folder = await temporaryFolder();
  {
    await using ledger = await openLedger(folder.path);
    await createRun(ledger, 'a');
    const failures = [
      { ...failure, customId: 'quota', code: 'insufficient_quota' },
      { ...failure, customId: 'busy', code: 'http_503' },
      { ...failure, customId: 'own', code: 'content_policy_violation' },
    ];
    const counts = { records: 3, read: 3, filtered: 0, skipped: 0 };
    await ledger.commitReading('a', { chunk: null, cursor: null, counts, failures });
  }
  makeOld(join(folder.path, 'ledger.db'));
  await using ledger = await openLedger(folder.path);
  const { pipeline = '' } = (await ledger.run('a')) ?? {};
  const remembered = await ledger.rememberedFailures(pipeline, ['quota', 'busy', 'own'], ['h', 'h', 'h']);
  expect(remembered).toEqual(new Set(['own']));
  expect(await ledger.rowCounts('a')).toMatchObject({ failed: 3, truncated: 0 });
});
