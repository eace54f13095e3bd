import { afterAll, beforeAll, expect, test } from 'vitest';
import { fakeServer, sendJson } from '../providers/fake-server.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { createEmulator, providerAt } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { canMount, SmallDisk } from '../support/small-disk.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
  await database.client.query(`
    CREATE TABLE notes (id bigint PRIMARY KEY, body text);
    INSERT INTO notes VALUES (1, 'one');
    CREATE TABLE loose (id bigint, answer text)`);
});
afterAll(() => database[Symbol.asyncDispose]());

interface Changes {
  readonly provider: object;
  readonly model?: string;
  readonly sink?: object;
  readonly rest?: object;
}

function pipeline({ provider, model = 'gpt-4o-mini', sink, rest }: Changes): object {
  const url = database.url;
  return {
    source: { type: 'postgres', url, table: 'notes', key: 'id' },
    request: { endpoint: 'chat', model, prompt: '{{ body }}' },
    provider,
    sink: { type: 'postgres', url, table: 'answers', create: true, columns: { answer: 'text' }, ...sink },
    ...rest,
  };
}

async function diagnose(changes: Changes, env: Readonly<Record<string, string>> = {}) {
  await using project = await PipelineProject.create(pipeline(changes));
  project.env = env;
  const { code, stdout, stderr } = await project.cli('doctor', 'pipeline.yaml', '--json');
  expect(stderr).not.toContain('    at ');
  const { checks, ok } = JSON.parse(stdout) as {
    checks: { name: string; status: string; message: string; hint: string | null }[];
    ok: boolean;
  };
  return { code, ok, checks, failed: checks.filter(({ status }) => status === 'fail') };
}

test('all is well', async () => {
  await using emulator = await createEmulator();
  const { code, ok, checks } = await diagnose({ provider: providerAt(emulator.url) });
  expect(checks.filter(({ status }) => status === 'fail')).toEqual([]);
  expect({ code, ok }).toEqual({ code: 0, ok: true });
  const names = checks.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['node', 'disk', 'state', 'proxy', 'source', 'sink', 'model']),
  );
});

test('a wrong key, and a clock that is off by an hour', async () => {
  await using server = await fakeServer((_request, response) => {
    const date = new Date(Date.now() - 3_600_000).toUTCString();
    sendJson(response, { error: { message: 'Incorrect API key', code: 'invalid_api_key' } }, 401, { date });
  });
  const { code, failed } = await diagnose({ provider: providerAt(server.url) });
  expect(code).toBe(2);
  expect(failed.map(({ name }) => name)).toEqual(['key', 'clock']);
  expect(failed[1]?.message).toContain('60 minutes ahead of');
  for (const { hint } of failed) expect(hint).not.toBeNull();
});

test('an unknown model, and a sink without a unique index', async () => {
  await using emulator = await createEmulator();
  const { code, failed } = await diagnose({
    provider: providerAt(emulator.url),
    model: 'no-such-model',
    sink: { table: 'loose' },
  });
  expect(code).toBe(2);
  expect(failed.map(({ name }) => name)).toEqual(['sink', 'model']);
  expect(failed[0]?.hint).toContain('CREATE UNIQUE INDEX');
});

test('no rights on the sink', async () => {
  await using emulator = await createEmulator();
  const role = `reader_${process.pid}`;
  await database.client.query(`
    CREATE TABLE kept (id bigint PRIMARY KEY, answer text);
    CREATE ROLE ${role} LOGIN PASSWORD 'hidden-word';
    GRANT SELECT ON kept TO ${role}`);
  const url = new URL(database.url);
  [url.username, url.password] = [role, 'hidden-word'];
  const given = { provider: providerAt(emulator.url), sink: { url: url.href, table: 'kept', create: false } };
  const { code, failed } = await diagnose(given);
  await database.client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  expect(code).toBe(2);
  expect(failed.map(({ name }) => name)).toEqual(['sink']);
  expect(JSON.stringify(failed)).not.toContain('hidden-word');
});

test('a proxy that is not reached', async () => {
  await using project = await PipelineProject.create();
  project.env = { HTTPS_PROXY: 'http://me:hidden-word@127.0.0.1:9' };
  const { code, stdout } = await project.cli('doctor');
  expect(code).toBe(2);
  expect(stdout).toMatch(/^fail {2}proxy .*127\.0\.0\.1:9 is not reached.*hint: .*NO_PROXY/m);
  expect(stdout).not.toContain('hidden-word');
});

test.skipIf(!canMount())('a disk that is nearly full', async () => {
  using disk = new SmallDisk('16m');
  await using emulator = await createEmulator();
  const { code, failed } = await diagnose({
    provider: providerAt(emulator.url),
    rest: { state: `${disk.path}/state` },
  });
  expect(code).toBe(2);
  expect(failed.map(({ name }) => name)).toEqual(['disk']);
});
