import { expect, it } from 'vitest';
import type { RunSummary } from '../../src/run/summary.ts';
import { PipelineProject } from '../support/pipeline-process.ts';
import { type Mood, StandardServer } from './standard-server.ts';

const concurrency = 8;

async function project(
  server: StandardServer,
  rows: number,
  standard: object = {},
): Promise<PipelineProject> {
  const own = await PipelineProject.create({
    source: { type: 'csv', path: 'rows.csv', key: 'id' },
    request: { endpoint: 'chat', model: 'gpt-4o-mini', prompt: '{{ body }}' },
    provider: { type: 'openai', base_url: server.url, api_key: 'test-key' },
    mode: 'standard',
    standard: { concurrency, ...standard },
    batch: { max_requests: 4000 },
    sink: { type: 'jsonl', path: 'out.jsonl', columns: { answer: 'text' } },
  });
  const lines = Array.from({ length: rows }, (_, row) => `${row},note ${row}\n`);
  await own.write('rows.csv', ['id,body\n', ...lines].join(''));
  return own;
}

async function answersOf(own: PipelineProject): Promise<readonly string[]> {
  const lines = (await own.read('out.jsonl')).split('\n').filter((line) => line !== '');
  return lines.map((line) => (JSON.parse(line) as { readonly answer: string }).answer).sort();
}

const expected = (rows: number) => Array.from({ length: rows }, (_, row) => `re: note ${row}`).sort();
const twice = (asked: readonly string[]) => asked.length - new Set(asked).size;
const requestsOf = (summary: RunSummary) => summary.requests as { readonly in_doubt: number };

const awayMs: Readonly<Record<Exclude<Mood, 'answers'>, number>> = {
  'is closed': 20_000,
  'says 503': 4000,
  'says 429': 4000,
  'breaks off': 4000,
  hangs: 4000,
};

it.each(Object.keys(awayMs) as (keyof typeof awayMs)[])(
  'a provider that %s for a while fails no row, and what was in doubt is counted',
  { timeout: 120_000 },
  async (mood) => {
    const rows = 1500;
    await using server = await StandardServer.open();
    await using own = await project(server, rows, { requests_per_minute: 12_000 });
    const { result } = own.start('run', 'pipeline.yaml', '--quiet', '--json');
    await expect.poll(() => server.answered.length, { interval: 5 }).toBeGreaterThan(200);
    await server.become(mood);
    const before = server.asked.length;
    await new Promise((resolve) => setTimeout(resolve, awayMs[mood]));
    await server.become('answers');
    const { code, stdout, stderr } = await result;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const summary = JSON.parse(stdout) as RunSummary;
    expect(summary).toMatchObject({ rows: { ok: rows, failed: 0 }, requests: { standard: rows } });
    expect(await answersOf(own)).toEqual(expected(rows));
    const unheard = server.asked.slice(before).filter(({ isAnswered }) => !isAnswered).length;
    const { in_doubt: inDoubt } = requestsOf(summary);
    // Of a server that is closed, what was under way just then; a refused connection is no doubt.
    const mayBeAnswered = mood === 'breaks off' || mood === 'hangs';
    const most = mayBeAnswered ? unheard : mood === 'is closed' ? concurrency : 0;
    expect(inDoubt).toBeLessThanOrEqual(most);
    expect(inDoubt).toBeGreaterThanOrEqual(mayBeAnswered ? unheard : twice(server.answered));
  },
);

it(
  '10,000 rows under 429s, killed three times: all right, and no more asked twice than were under way',
  {
    timeout: 120_000,
  },
  async () => {
    const rows = 10_000;
    await using server = await StandardServer.open();
    server.percentRefused = 20;
    await using own = await project(server, rows);
    for (const wanted of [1500, 4500, 7000]) {
      const { child, result } = own.start('run', 'pipeline.yaml', '--quiet');
      await expect
        .poll(() => server.answered.length, { interval: 5, timeout: 60_000 })
        .toBeGreaterThan(wanted);
      child.kill('SIGKILL');
      await result;
    }
    const summary = await own.summary();
    expect(summary).toMatchObject({ rows: { ok: rows, failed: 0 }, requests: { standard: rows } });
    expect(await answersOf(own)).toEqual(expected(rows));
    const { in_doubt: inDoubt } = requestsOf(summary);
    expect(twice(server.answered)).toBeLessThanOrEqual(inDoubt);
    expect(inDoubt).toBeLessThanOrEqual(3 * concurrency);
  },
);
