import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { openSqliteLedger } from '../../../src/ledger/sqlite/open-ledger.ts';
import { promptAnswer } from '../../support/chat-answer.ts';
import { providerAt } from '../../support/emulator.ts';
import { expectCounts, expectNoPartialFiles, expectPaidOnce, run, runAgain, type Scene } from '../scene.ts';
import type { Places, World } from '../world.ts';

const sourceOf = (table: string): string => `${table}_source`;

/** Fifteen tokens or so, so that no two of them fit into one piece. */
const sentence = (name: string, index: number): string =>
  `In ${name} number ${index} the old grey cat sleeps on the warm stone. `;

const sentences = (name: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => sentence(name, index));

function splitPipeline({ provider, database, table }: Places, source: object): object {
  return {
    source: { type: 'postgres', url: database, key: 'id', ...source },
    transforms: [{ type: 'split', field: 'body', max_tokens: 20 }],
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(provider),
    batch: { poll_interval: '50ms', max_requests: 3 },
    sink: {
      type: 'postgres',
      url: database,
      table,
      create: true,
      columns: { body: 'row.body', answer: 'text', pieces: 'row.chunk_count' },
    },
  };
}

function createDocs(table: string, docs: Readonly<Record<string, readonly string[]>>): string {
  const rows = Object.entries(docs).map(([id, texts]) => `(${id}, '${texts.join('')}')`);
  return `
    CREATE TABLE ${sourceOf(table)} (id bigint PRIMARY KEY, body text NOT NULL);
    INSERT INTO ${sourceOf(table)} VALUES ${rows.join(', ')}`;
}

/** The target holds each piece of each text with its own answer, and nothing else. */
async function expectPieces(world: World, docs: Readonly<Record<string, readonly string[]>>): Promise<void> {
  const found = await world.query(
    `SELECT id::text, chunk_index::int AS index, body, answer
       FROM ${world.places.table} AS target ORDER BY target.id, chunk_index`,
  );
  const wanted = Object.entries(docs).flatMap(([id, texts]) =>
    texts.map((body, index) => ({ id, index, body, answer: promptAnswer(body) })),
  );
  expect(found).toEqual(wanted);
}

/** Three to a file, so that files end within the first text and twice within the last. */
const docs = { 1: sentences('one', 4), 2: sentences('two', 1), 3: sentences('three', 5) };

const cutting: Scene = {
  name: 'run_split',
  emulator: {
    latencyMs: 60,
    faults: {
      rows: [{ fault: 'status', status: 429, attempts: 1, fraction: 0.3 }],
      http: [{ fault: 'cut', on: 'create_batch', requests: 2, effect: 'done' }],
    },
  },
  createTable: (table) => createDocs(table, docs),
  pipeline: (places) => splitPipeline(places, { table: sourceOf(places.table) }),
  command: () => run,
  leaves: isWithinRecord,
  after: runAgain,
  expect: async (world) => {
    await expectPieces(world, docs);
    const [first] = await world.runs();
    if (first === undefined) throw new Error('There is no run in the ledger.');
    expectCounts(first, 'completed', { records: 3, read: 10, requested: 10, ok: 10 });
    await expectPaidOnce(world);
    await expectNoPartialFiles(world);
  },
  about: 315,
  // The file before ends within a text.
  always: [
    { door: 'sqlite INSERT INTO chunks', nth: 2 },
    { door: 'sqlite INSERT INTO chunks', nth: 3 },
  ],
};

/** Whether some pieces of a text are durable and the others still to be read. */
async function isWithinRecord({ project }: World): Promise<boolean> {
  if (!existsSync(join(project.stateDir, 'ledger.db'))) return false;
  await using ledger = await openSqliteLedger(project.stateDir);
  const [newest] = await ledger.runs();
  return newest !== undefined && !newest.readingFinished && newest.partlyRead.length > 0;
}

/** One text shorter whose first piece is not sent, one whose first piece is, one longer, and one as it was. */
const edited = {
  1: sentences('one', 2),
  2: sentences('other', 1),
  3: sentences('three', 4),
  4: sentences('four', 2),
};
const before = {
  1: sentences('one', 4),
  2: sentences('two', 3),
  3: sentences('three', 1),
  4: sentences('four', 2),
};

/** A query is read anew after a crash, and what is to be deleted waits for the verdict on its keys. */
const shortening: Scene = {
  name: 'split_edited',
  emulator: { latencyMs: 0 },
  createTable: (table) => createDocs(table, before),
  pipeline: (places) =>
    splitPipeline(places, { query: `SELECT id, body FROM ${sourceOf(places.table)} ORDER BY id` }),
  before: async (world) => {
    await world.type(run, 0);
    for (const [id, texts] of Object.entries(edited)) {
      const source = sourceOf(world.places.table);
      await world.query(`UPDATE ${source} SET body = '${texts.join('')}' WHERE id = ${id}`);
    }
  },
  command: () => run,
  after: async (world) => {
    await world.type(run, 0);
  },
  expect: async (world) => {
    await expectPieces(world, edited);
    await expectPaidOnce(world);
    await expectNoPartialFiles(world);
    const { stdout } = await world.type([...run, '--json'], 0);
    expect(JSON.parse(stdout)).toMatchObject({ rows: { records: 4, read: 9, skipped: 9 } });
  },
  about: 160,
  always: [
    // The first two crossings are the rehearsal's.
    { door: 'postgres DELETE FROM', nth: 3 },
    { door: 'postgres DELETE FROM', nth: 4 },
  ],
};

export const splitScenes: readonly Scene[] = [cutting, shortening];
