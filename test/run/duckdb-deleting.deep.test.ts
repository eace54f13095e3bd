import { afterAll, beforeAll, expect, test } from 'vitest';
import { runDuckdb, textsOf } from '../support/duckdb.ts';
import { createEmulator, promptBatch, providerAt, type TestEmulator } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';

let emulator: TestEmulator;
beforeAll(async () => {
  emulator = await createEmulator();
});
afterAll(() => emulator[Symbol.asyncDispose]());

type Block = Readonly<Record<string, unknown>>;

function create(sink: Block, transforms: readonly Block[] = []): Promise<PipelineProject> {
  return PipelineProject.create({
    source: { type: 'duckdb', path: 'w.duckdb', table: 'docs', key: 'id' },
    transforms,
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: providerAt(emulator.url),
    batch: promptBatch,
    sink: { type: 'duckdb', path: 'w.duckdb', table: 'answers', columns: { answer: 'text' }, ...sink },
  });
}

function numbers(...gone: readonly number[]): readonly string[] {
  return Array.from({ length: 12 }, (_, index) => index + 1)
    .filter((id) => !gone.includes(id))
    .map(String);
}

/** So many sentences; any two of them have more tokens than a piece may. */
function text(row: number, count: number): string {
  return Array.from(
    { length: count },
    (_, piece) => `In doc ${row} number ${piece} the old grey cat sleeps on the warm stone. `,
  ).join('');
}

test('rows whose source row is gone are deleted, by the value of the key', async () => {
  await using project = await create({ deleted: 'delete' });
  const path = project.path('w.duckdb');
  await runDuckdb(
    `CREATE TABLE docs AS SELECT n::VARCHAR AS id, 'doc ' || n AS body FROM range(1, 13) r(n);
     UPDATE docs SET id = '007' WHERE id = '7'; INSERT INTO docs VALUES ('no number', 'x');
     CREATE TABLE answers (id BIGINT UNIQUE, answer VARCHAR, request_hash VARCHAR);
     INSERT INTO answers VALUES (100, 'of a row that is gone', NULL), (NULL, 'not ours', NULL)`,
    path,
  );
  const ids = async () => (await textsOf('SELECT id FROM answers ORDER BY id', path)).map(([id]) => id);
  const first = await project.cli('run', 'pipeline.yaml', '--max-failed-rows', '1');
  expect([first.code, first.stderr]).toEqual([0, expect.any(String)]);
  expect(first.stdout).toContain('Deleted from answers: 1 row');
  expect(await ids()).toEqual([...numbers(), null]);
  await runDuckdb("DELETE FROM docs WHERE id IN ('2', '11')", path);
  expect((await project.cli('run', 'pipeline.yaml')).code).toBe(0);
  expect(await ids()).toEqual([...numbers(2, 11), null]);
  await runDuckdb('DELETE FROM docs', path);
  expect((await project.cli('run', 'pipeline.yaml')).code).toBe(4);
  expect(await ids()).toEqual([...numbers(2, 11), null]);
});

test('pieces that a text has no longer are deleted, with its first piece or without', async () => {
  await using project = await create({ create: true }, [{ type: 'split', field: 'body', max_tokens: 20 }]);
  const path = project.path('w.duckdb');
  const counts = [4, 1, 9, 3];
  const values = counts.map((count, row) => `(${row}, '${text(row, count)}')`);
  await runDuckdb(
    `CREATE TABLE docs (id BIGINT PRIMARY KEY, body VARCHAR); INSERT INTO docs VALUES ${values.join(', ')}`,
    path,
  );
  const pieces = async () =>
    (
      await textsOf(
        'SELECT id, count(*), max(chunk_index) FROM answers GROUP BY answers.id ORDER BY answers.id',
        path,
      )
    ).map((row) => row.map(Number));
  const { code, stderr } = await project.cli('run', 'pipeline.yaml');
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  expect(await pieces()).toEqual(counts.map((count, row) => [row, count, count - 1]));
  // One text becomes another, shorter one; of another only the end is cut, so that its first piece is not sent.
  await runDuckdb(
    `UPDATE docs SET body = '${text(9, 2)}' WHERE id = 0; UPDATE docs SET body = '${text(2, 5)}' WHERE id = 2`,
    path,
  );
  expect((await project.cli('run', 'pipeline.yaml')).code).toBe(0);
  expect(await pieces()).toEqual([
    [0, 2, 1],
    [1, 1, 0],
    [2, 5, 4],
    [3, 3, 2],
  ]);
});
