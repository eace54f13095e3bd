import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { loadPipeline, runPipeline } from '../../src/index.ts';
import { requestBlock } from '../../src/core/request-block.ts';
import type * as registry from '../../src/providers/index.ts';
import { fakeProvider, serverOf } from './fake-provider.ts';
import { describeProvider } from './provider-contract.ts';

// The line in the registry that a provider takes.
vi.mock('../../src/providers/index.ts', async (original) => {
  const { providers } = await original<typeof registry>();
  const { fakeProvider: fake } = await import('./fake-provider.ts');
  return { providers: [...providers, fake] };
});

let accounts = 0;

describeProvider('fake', async () => {
  const account = `account ${(accounts += 1)}`;
  const server = serverOf(account);
  const context = { stateDir: '', env: {}, signal: new AbortController().signal, warn: () => undefined };
  return {
    dialect: fakeProvider.dialect,
    request: requestBlock.parse({ endpoint: 'chat', model: 'm', prompt: 'hello' }),
    open: () => fakeProvider.open({ account }, context),
    openWithWrongKey: () => fakeProvider.open({ account: 'nobody' }, context),
    inject: async (fault) => void (server.fault = fault),
    billed: async () => server.batches.size,
    recorded: [
      { line: '{"key":"a","said":{"words":"Hi."}}', says: { kind: 'answered', customId: 'a', text: 'Hi.' } },
      { line: '{"key":"a","broke":"Out of ideas."}', says: { kind: 'failed', customId: 'a' } },
      { line: '{"said":{}}', says: null },
    ],
    keepsLabels: false,
    [Symbol.asyncDispose]: async () => {},
  };
});

test('a provider without uploads and labels serves a whole run', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'batchline-fake-'));
  try {
    const rows = Array.from({ length: 120 }, (_, row) => `${row},text ${row}\n`);
    await writeFile(join(folder, 'in.csv'), `id,body\n${rows.join('')}`);
    await writeFile(
      join(folder, 'fake.yaml'),
      JSON.stringify({
        source: { type: 'csv', path: 'in.csv', key: 'id' },
        request: { endpoint: 'chat', model: 'm', prompt: '{{ body }}' },
        provider: { type: 'fake', account: 'whole run' },
        batch: { poll_interval: '20ms' },
        sink: { type: 'jsonl', path: 'out.jsonl' },
      }),
    );
    const pipeline = await loadPipeline(join(folder, 'fake.yaml'), { env: {} });
    const { summary, exitCode } = await runPipeline(pipeline);
    expect(exitCode).toBe(0);
    expect(summary).toMatchObject({
      status: 'completed',
      rows: { ok: 120, pending: 0 },
      batches: { total: 3 },
    });
    const lines = (await readFile(join(folder, 'out.jsonl'), 'utf8')).trim().split('\n');
    const loaded = new Map(
      lines.map((line) => JSON.parse(line) as { id: string; text: string }).map(({ id, text }) => [id, text]),
    );
    expect(loaded.size).toBe(120);
    expect(loaded.get('7')).toBe('You said: text 7');
    expect(serverOf('whole run').batches.size).toBe(3);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
