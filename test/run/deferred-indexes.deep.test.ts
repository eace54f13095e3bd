import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, promptBatch, providerAt } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { createProxy, type Middleware } from '../support/proxy.ts';
import { vectorStandIn } from '../support/vector-stand-in.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  await database.client.query(`${vectorStandIn};
    CREATE TABLE notes (id bigint PRIMARY KEY, body text NOT NULL);
    INSERT INTO notes SELECT n, 'note ' || n FROM generate_series(1, 4) n`);
});
beforeEach(() =>
  database.client.query(`DROP TABLE IF EXISTS embedded;
    CREATE TABLE embedded (id bigint PRIMARY KEY, v vector(256));
    CREATE INDEX embedded_v ON embedded USING hnsw (v vector_l2_ops)`),
);
afterAll(() => database[Symbol.asyncDispose]());

async function hasIndex(): Promise<boolean> {
  const { rowCount } = await database.client.query(`SELECT FROM pg_class WHERE relname = 'embedded_v'`);
  return rowCount === 1;
}

function pipeline(url: string): object {
  return {
    source: { type: 'postgres', url: database.url, table: 'notes', key: 'id' },
    request: { endpoint: 'embeddings', model: 'a-model', input: '{{ body }}' },
    provider: providerAt(url),
    batch: { ...promptBatch, max_requests: 2 },
    sink: {
      type: 'postgres',
      url: database.url,
      table: 'embedded',
      indexes: 'defer',
      columns: { v: 'embedding' },
    },
  };
}

const later = {
  status: 503,
  contentType: 'application/json',
  body: Buffer.from('{"error":{"message":"later"}}'),
};

/** A run whose second file never ends, once its first is loaded. */
async function halfLoaded() {
  await using resources = new AsyncDisposableStack();
  const emulator = resources.use(await createEmulator());
  const held = { isOn: true };
  let creates = 0;
  const middleware: Middleware = async ({ method, path }, forward) => {
    if (held.isOn && method === 'POST' && path === '/batches') {
      creates += 1;
      if (creates > 1) return later;
    }
    return forward();
  };
  const proxy = resources.use(await createProxy(emulator.url, middleware));
  const project = resources.use(await PipelineProject.create(pipeline(proxy.url)));
  const running = project.start('run', 'pipeline.yaml');
  await expect.poll(hasIndex).toBe(false);
  const kept = resources.move();
  return { project, running, held, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

test('a run that is interrupted says what is dropped, and the run that goes on builds it', async () => {
  await using scene = await halfLoaded();
  scene.running.child.kill('SIGINT');
  const { code, stderr } = await scene.running.result;
  expect(code).toBe(130);
  expect(stderr.trimEnd().split('\n').at(-1)).toContain(
    'Vector indexes of public.embedded are still dropped: embedded_v.',
  );
  expect(await hasIndex()).toBe(false);
  scene.held.isOn = false;
  expect((await scene.project.summary()).rows).toMatchObject({ ok: 4 });
  expect(await hasIndex()).toBe(true);
});

test('after a kill, cancel builds what the run had dropped', async () => {
  await using scene = await halfLoaded();
  scene.running.child.kill('SIGKILL');
  await scene.running.result;
  expect(await hasIndex()).toBe(false);
  scene.held.isOn = false;
  const { code, stderr } = await scene.project.cli('cancel', 'pipeline.yaml');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(await hasIndex()).toBe(true);
});
