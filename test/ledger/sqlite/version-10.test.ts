import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { openLedger } from '../../../src/ledger/open.ts';
import { temporaryFolder } from '../../batch/temporary-folder.ts';
import { createRun } from '../new-run.ts';
import { dropTwelve } from './without-twelve.ts';

/** Takes away what the version before did not have. */
function makeOld(path: string): void {
  using database = new DatabaseSync(path);
  dropTwelve(database);
  for (const column of ['deadline_at', 'deadline_met', 'cut_over_at'])
    database.exec(`ALTER TABLE runs DROP COLUMN ${column}`);
  database.exec(
    'ALTER TABLE chunks DROP COLUMN cancelled_at; DROP TABLE durations; PRAGMA user_version = 10',
  );
}

it('a ledger from before deadlines has none, and takes one', async () => {
  await using folder = await temporaryFolder();
  {
    await using ledger = await openLedger(folder.path);
    await createRun(ledger, 'a');
  }
  makeOld(join(folder.path, 'ledger.db'));
  await using ledger = await openLedger(folder.path);
  expect(await ledger.run('a')).toMatchObject({ deadlineAt: null, deadlineMet: null, cutOverAt: null });
  expect(await ledger.auto.durations('p', 'm')).toEqual({ requestMs: null, cancelMs: null });
  await ledger.auto.noteDeadline('a', 5);
  expect((await ledger.run('a'))?.deadlineAt).toBe(5);
});
