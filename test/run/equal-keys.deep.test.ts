import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { promptAnswer } from '../support/chat-answer.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { runDuckdb, textsOf } from '../support/duckdb.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

let database: TestDatabase;
let emulator: TestEmulator;

beforeAll(async () => {
  [database, emulator] = await Promise.all([createDatabase(), createEmulator()]);
  await database.client.query('CREATE EXTENSION citext');
});
afterAll(async () => {
  await emulator[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

interface Target {
  readonly sink: object;
  readonly create: (type: string) => Promise<void>;
  readonly rows: () => Promise<readonly unknown[]>;
}

function inPostgres(): Target {
  return {
    sink: { type: 'postgres', url: database.url, table: 'answers' },
    create: async (type) => {
      await database.client.query(
        `DROP TABLE IF EXISTS answers;
         CREATE TABLE answers (id ${type} PRIMARY KEY, answer text, request_hash text)`,
      );
    },
    rows: async () => {
      const { rows } = await database.client.query<{ answer: string }>('SELECT answer FROM answers');
      return rows.map(({ answer }) => answer);
    },
  };
}

function inDuckdb(project: PipelineProject): Target {
  const path = project.path('out.duckdb');
  return {
    sink: { type: 'duckdb', path, table: 'answers' },
    create: (type) =>
      runDuckdb(`CREATE TABLE answers (id ${type} PRIMARY KEY, answer VARCHAR, request_hash VARCHAR)`, path),
    rows: async () => (await textsOf('SELECT answer FROM answers', path)).flat(),
  };
}

describe.each([
  ['postgres', 'bigint', '7', '007'],
  ['postgres', 'numeric(6,1)', '7.0', '7.00'],
  ['postgres', 'citext', 'Bob', 'BOB'],
  ['duckdb', 'BIGINT', '7', '007'],
  ['duckdb', 'DECIMAL(6,1)', '7.0', '7.00'],
  ['duckdb', 'VARCHAR COLLATE nocase', 'Bob', 'BOB'],
] as const)('%s, a key of %s', (kind, type, ...pair) => {
  test.each([pair, pair.toReversed()])(
    '%s and %s, each in a file of its own: the first that is loaded stays, and no run buys the other again',
    async (...keys) => {
      await using project = await PipelineProject.create();
      const { sink, create, rows } = kind === 'postgres' ? inPostgres() : inDuckdb(project);
      await create(type);
      await project.write('pipeline.yaml', {
        source: { type: 'csv', path: 'rows.csv', key: 'id' },
        request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
        provider: providerAt(emulator.url),
        batch: { ...promptBatch, max_requests: 1 },
        sink: { ...sink, mode: 'upsert', key: 'id', columns: { answer: 'text' } },
      });
      const bodies = ['one', 'two'];
      const fill = (): Promise<void> =>
        project.write('rows.csv', ['id,body', ...keys.map((key, row) => `${key},${bodies[row]}`)].join('\n'));
      await fill();
      expect((await project.summary(1)).rows).toMatchObject({ requested: 2, ok: 1, failed: 1 });
      const { stdout } = await project.cli('errors', '--json');
      const { key: loser, code, message } = JSON.parse(stdout) as Record<'key' | 'code' | 'message', string>;
      expect(code).toBe('sink_key_collision');
      for (const key of keys) expect(message).toContain(JSON.stringify(key));
      const [lost, kept] = loser === keys[0] ? [0, 1] : [1, 0];
      const stays = [promptAnswer(bodies[kept] ?? '')];
      expect(await rows()).toEqual(stays);
      expect((await project.summary()).rows).toMatchObject({ requested: 0, skipped: 2 });
      // What an earlier run has loaded, and this one leaves out, is not replaced.
      bodies[lost] = 'another';
      await fill();
      expect((await project.summary(1)).rows).toMatchObject({ requested: 1, skipped: 1, failed: 1 });
      expect(await rows()).toEqual(stays);
      expect((await project.summary()).rows).toMatchObject({ requested: 0, skipped: 2 });
      // The row itself may change.
      bodies[kept] = 'new';
      await fill();
      expect((await project.summary()).rows).toMatchObject({ requested: 1, skipped: 1, ok: 1 });
      expect(await rows()).toEqual([promptAnswer('new')]);
    },
  );
});
