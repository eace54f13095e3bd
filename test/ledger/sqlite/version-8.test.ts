import { cp, mkdir, readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { openLedger } from '../../../src/ledger/open.ts';
import { PipelineProject } from '../../support/pipeline-process.ts';
import { temporaryFolder } from '../../batch/temporary-folder.ts';

const kept = join(import.meta.dirname, 'version-8');
/** A run of another pipeline that has ended, one with a chunk in each state, and one whose files were kept too. */
const finished = '20260101-000000-aaaaaa';
const open = '20260102-000000-bbbbbb';
const resumable = '20261128-190000-8a8a8a';

/** Puts the ledger that the version before wrote into a project's folder. */
async function restore(project: string): Promise<string> {
  const stateDir = join(project, '.pipeline');
  await mkdir(stateDir, { recursive: true });
  const dump = await readFile(join(kept, 'ledger.sql'), 'utf8');
  using database = new DatabaseSync(join(stateDir, 'ledger.db'));
  database.exec(dump.replaceAll('@PROJECT@', project));
  return stateDir;
}

function shape(path: string): unknown {
  using database = new DatabaseSync(path, { readOnly: true });
  return database
    .prepare(
      `SELECT m.type, m.name, c.name AS "column", c.type AS kind, c."notnull", c.dflt_value, c.pk
       FROM sqlite_schema m LEFT JOIN pragma_table_info(m.name) c ON m.type = 'table'
       WHERE m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.name`,
    )
    .all();
}

it('a ledger of the version before gets the tables of a new one', async () => {
  await using old = await temporaryFolder();
  await using fresh = await temporaryFolder();
  const stateDir = await restore(old.path);
  await using migrated = await openLedger(stateDir);
  await using made = await openLedger(fresh.path);
  expect(shape(join(stateDir, 'ledger.db'))).toEqual(shape(join(fresh.path, 'ledger.db')));
  // Opened once more it is left as it is.
  await using again = await openLedger(stateDir);
  expect(await again.runs()).toEqual(await migrated.runs());
  expect(await made.runs()).toEqual([]);
});

it('a ledger of the version before is read with all that it holds', async () => {
  await using folder = await temporaryFolder();
  await using ledger = await openLedger(await restore(folder.path));
  expect((await ledger.runs('notes')).map(({ runId, status }) => [runId, status])).toEqual([
    [open, 'interrupted'],
    [finished, 'completed_with_failures'],
  ]);
  expect(await ledger.run(finished)).toMatchObject({
    folder: join(folder.path, '.pipeline/runs', finished),
    fingerprintParts: { 'request.model': '"gpt-4o-mini"' },
    selection: { window: { high: '9', scope: 'notes' } },
    readingFinished: true,
    followers: 1,
    followerBytes: 20,
    workedMs: 1234,
    endedAt: 5000,
  });
  expect(await ledger.chunk(finished, 1)).toEqual({
    runId: finished,
    chunk: 1,
    origin: 'read',
    state: 'loaded',
    epoch: 0,
    requests: 2,
    bytes: 10,
    tokens: 5,
    sha256: 's1',
    attempt: 2,
    unexplained: 0,
    stored: 'file-in',
    batchId: 'batch_1',
    batchStatus: 'completed',
    results: [
      { id: 'file-out', holds: 'answers' },
      { id: 'file-err', holds: 'errors' },
    ],
    expiresAt: null,
    reported: null,
    lane: 'batch',
    inDoubt: 0,
    cancelledAt: null,
    unread: null,
    intendedAt: null,
    account: 'acc',
    rowStates: Uint8Array.of(1, 2),
    ok: 1,
    failed: 1,
    cleaned: 1,
    usage: { input: 7, output: 8, cached: 1 },
    cost: { usd: 0, unpriced: 2, listUsd: 0, cacheSavedUsd: 0 },
    reloads: 0,
    hasFollowed: true,
    followedOk: 0,
  });
  expect(await ledger.rowCounts(finished)).toMatchObject({ requested: 4, ok: 1, failed: 3, repaired: 1 });
  const failures = await Array.fromAsync(ledger.failedRows(finished));
  expect(failures.map(({ customId, stage, sameAs }) => [customId, stage, sameAs])).toEqual([
    ['unsent', 'render', null],
    ['b', 'request', null],
    ['c', 'request', 'b'],
  ]);
  expect(await ledger.rememberedFailures('notes', ['b', 'd'], ['h', 'h'])).toEqual(new Set(['b']));
  expect(await ledger.watermarks.watermark('notes', 'notes')).toBe('9');
  expect(await Array.fromAsync(ledger.events(finished, 0))).toEqual([]);
});

it('so is an unfinished run, in whatever state its chunks are', async () => {
  await using folder = await temporaryFolder();
  await using ledger = await openLedger(await restore(folder.path));
  const chunks = await ledger.chunks(open);
  expect(chunks.map(({ state, stored, batchId, results }) => [state, stored, batchId, results])).toEqual([
    ['sealed', null, null, []],
    ['uploading', null, null, []],
    ['uploaded', 'file-3', null, []],
    ['creating', 'file-4', null, []],
    ['submitted', 'file-5', 'batch-5', []],
    ['ended', 'file-6', 'batch-6', [{ id: 'out-6', holds: 'answers' }]],
    ['downloaded', 'file-7', 'batch-7', [{ id: 'err-7', holds: 'errors' }]],
    [
      'loaded',
      'file-8',
      'batch-8',
      [
        { id: 'out-8', holds: 'answers' },
        { id: 'err-8', holds: 'errors' },
      ],
    ],
    ['refused', 'file-9', 'batch-9', []],
    ['superseded', null, null, []],
  ]);
  expect(await ledger.run(open)).toMatchObject({
    readCursor: '10',
    partlyRead: [{ key: 'k', done: 1, of: 3 }],
  });
  expect(await ledger.unfinishedRows(open, 10)).toMatchObject([
    { customId: 'w0', chunk: 8, line: 0, answer: { at: 3, bytes: 4 }, isReasking: false },
    { customId: 'w1', chunk: 8, line: 1, answer: null, isReasking: true },
  ]);
  expect(await ledger.retryQueue(open)).toEqual({ count: 2, oldest: 3000, hasSuperseded: false });
  const limits = { tokens: null, inputs: 1_000_000, batchesAnHour: 1000 };
  const room = await ledger.roomState({ account: 'acc', model: 'gpt-4o-mini', limits }, 5000);
  expect(room).toMatchObject({
    learned: { tokens: 12, isStated: true, changedAt: 4000 },
    createdLastHour: 7,
  });
  expect(room.enqueued.map(({ chunk }) => chunk)).toEqual([4, 5]);
  const [sealed] = chunks;
  expect(sealed && (await ledger.moveChunk(sealed, 'upload_intended'))).toEqual({
    ...sealed,
    state: 'uploading',
  });
});

it('an unfinished run of the version before is gone on with to its end', async () => {
  await using project = await PipelineProject.create();
  for (const name of ['pipeline.yaml', 'tickets.csv']) await cp(join(kept, name), project.path(name));
  // The run was begun with the file as of then.
  await utimes(project.path('tickets.csv'), 1_790_000_000, 1_790_000_000);
  const folder = join(await restore(project.folder), 'runs', resumable);
  await mkdir(folder, { recursive: true });
  for (const chunk of ['00001', '00002', '00003']) {
    for (const name of [`requests-${chunk}.jsonl`, `rows-${chunk}.jsonl`])
      await cp(join(kept, name), join(folder, name));
  }
  await cp(join(kept, 'output-00001.jsonl'), join(folder, 'output-00001.jsonl'));
  const result = await project.cli('run', 'pipeline.yaml', '--json');
  expect(result).toMatchObject({ code: 0 });
  expect(JSON.parse(result.stdout)).toMatchObject({
    run_id: resumable,
    status: 'completed',
    rows: { requested: 6, ok: 6, failed: 0 },
    batches: { total: 3, completed: 3 },
  });
  const answers = (await project.read('tags.jsonl')).trimEnd().split('\n');
  expect(answers.map((line) => (JSON.parse(line) as { id: string }).id).toSorted()).toEqual([
    '1',
    '2',
    '3',
    '4',
    '5',
    '6',
  ]);
});

it.each([1, 7])(
  'a ledger of version %i, which was never released, is refused and left as it is',
  async (version) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'ledger.db');
    {
      using database = new DatabaseSync(path);
      database.exec(`CREATE TABLE runs (run_id TEXT); PRAGMA user_version = ${version}`);
    }
    await expect(openLedger(folder.path)).rejects.toMatchObject({
      code: 'ledger_too_old',
      exitCode: 2,
      hint: expect.stringContaining('state:') as string,
    });
    using database = new DatabaseSync(path);
    expect(database.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'runs' }]);
    expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: version });
  },
);
