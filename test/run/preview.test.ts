import { access } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openLedger } from '../../src/ledger/open.ts';
import { createEmulator, providerAt } from '../support/emulator.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { createProxy } from '../support/proxy.ts';

const schema = {
  type: 'object',
  properties: { summary: { type: 'string' } },
  required: ['summary'],
  additionalProperties: false,
};

async function previewed(url: string): Promise<PipelineProject> {
  const project = await PipelineProject.create({
    source: { type: 'csv', path: 'in.csv', key: 'id' },
    transforms: [{ type: 'filter', where: 'body != "drop"' }],
    request: {
      endpoint: 'chat',
      model: 'gpt-4o-mini',
      system: 'Sum up.',
      prompt: '{{ body }}',
      output: { schema },
      params: { max_tokens: 50 },
    },
    provider: providerAt(url),
    sink: { type: 'jsonl', path: 'out.jsonl', columns: { summary: 'json.summary', of: 'row.id' } },
  });
  await project.write('in.csv', 'id,body\n1,one\n2,drop\n3,three\n4,\n5,five\n');
  return project;
}

test('preview shows what would be asked, what it may cost and which rows make no request, and writes nothing', async () => {
  await using project = await previewed('http://127.0.0.1:9/v1');
  const { code, stdout } = await project.cli('preview', 'pipeline.yaml', '-n', '3');
  expect(code).toBe(0);
  expect(stdout).toContain('row 1\n  system\n    Sum up.\n  user\n    one\n  schema  {"type":"object"');
  expect(stdout).toContain(
    '  params  max_tokens 50\n  15 tokens in and at most 50 out: at most $0.000016 by batch',
  );
  expect(stdout).toContain('row 4\n  failed  empty_prompt (render): in.csv:5: the prompt is empty');
  expect(stdout).toContain('2 requests, 1 row that cannot be rendered, 1 row filtered\nNothing was sent');
  await expect(access(project.stateDir)).rejects.toThrow('ENOENT');
  const one = await project.cli('preview', 'pipeline.yaml', '--sample', '1', '--json', '--quiet');
  expect(JSON.parse(one.stdout)).toMatchObject({ cost_usd: 0, tokens: { input: 0, output: 0 } });
});

test('preview --live asks at the synchronous price, tries again, and shows what each column would hold', async () => {
  await using emulator = await createEmulator();
  let refusals = 1;
  await using proxy = await createProxy(emulator.url, async ({ path, body }, forward) => {
    if (path !== '/chat/completions') return forward();
    refusals -= 1;
    if (refusals === 0) return json(503, { error: { message: 'away' } });
    if (!body.includes('three')) return forward();
    const { body: answer } = await forward();
    const { usage } = JSON.parse(answer.toString()) as { usage: object };
    const message = { role: 'assistant', content: '{"misfit":true}' };
    return json(200, { choices: [{ message, finish_reason: 'stop' }], usage, model: 'gpt-4o-mini' });
  });
  await using project = await previewed(proxy.url);
  const result = await project.cli('preview', 'pipeline.yaml', '-n', '2', '--live', '--json');
  expect(result).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('(status 503) and is sent again') as string,
  });
  const {
    rows,
    cost_usd: cost,
    tokens,
  } = JSON.parse(result.stdout) as {
    rows: readonly Record<string, unknown>[];
    cost_usd: number;
    tokens: { input: number; output: number };
  };
  expect(rows).toMatchObject([
    { key: '1', columns: { summary: expect.any(String) as string, of: '1' } },
    { key: '3', failure: { stage: 'answer', code: 'schema_mismatch' } },
  ]);
  expect(cost).toBeCloseTo((tokens.input * 0.15 + tokens.output * 0.6) / 1e6, 9);
  expect(cost).toBeGreaterThan(0);
  const bill = await emulator.bill();
  expect(bill.map(({ event }) => event)).toEqual(['asked', 'asked']);
  await using ledger = await openLedger(project.stateDir);
  expect(await ledger.runs()).toEqual([]);
  const { name } = JSON.parse(await project.read('pipeline.yaml')) as { name: string };
  expect(await ledger.answers.medianAnswer(name, 'preview')).toBeGreaterThan(0);
  await expect(access(project.path('out.jsonl'))).rejects.toThrow('ENOENT');
});

test('preview --live shows what was paid for before the account was refused, and ends with 1', async () => {
  await using emulator = await createEmulator();
  await using proxy = await createProxy(emulator.url, async ({ path, body }, forward) => {
    if (path !== '/chat/completions' || !body.includes('three')) return forward();
    return json(401, { error: { message: 'no such key', code: 'invalid_api_key' } });
  });
  await using project = await previewed(proxy.url);
  const flags = ['--live', '--set', 'standard.concurrency=1'];
  const { code, stdout, stderr } = await project.cli('preview', 'pipeline.yaml', '-n', '2', ...flags);
  expect(code).toBe(1);
  expect(stdout).toMatch(/row 1\n[^]*columns\n {4}summary .*\n[^]*row 3\n[^]*not sent\n/);
  expect(stdout).toMatch(/Paid: \$0\.0000\d+ at the synchronous price/);
  expect(stderr).toContain('no such key');
});

function json(status: number, body: object) {
  return { status, contentType: 'application/json', body: Buffer.from(JSON.stringify(body)) };
}
