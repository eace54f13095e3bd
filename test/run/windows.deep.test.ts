import { expect, it } from 'vitest';
import { askedRequests } from '../support/bill.ts';
import { createEmulator } from '../support/emulator.ts';
import { createProxy, jsonResponse, type ProxiedResponse } from '../support/proxy.ts';
import { answers, expected, project, rowCount, useNotes } from './scene.ts';

useNotes();

const within = (own: object = {}, rest: object = {}) => ({
  request: { endpoint: 'responses' },
  batch: { poll_interval: '20ms' },
  rest: { mode: 'standard', standard: { tier: '2h', ...own }, ...rest },
});

const begins = (method: string, path: string): boolean => method === 'POST' && path.endsWith('/responses');

interface Sent {
  readonly background?: unknown;
}

/** The same response in another state. */
function withStatus(reply: ProxiedResponse, status: string): ProxiedResponse {
  return jsonResponse(reply.status, { ...(JSON.parse(reply.body.toString()) as object), status });
}

it('begins each row once within the window, stored, so many at a time, and looks until it is answered', async () => {
  await using emulator = await createEmulator({ latencyMs: 100 });
  const bodies: Sent[] = [];
  const underWay = new Set<string>();
  let most = 0;
  await using proxy = await createProxy(emulator.url, async ({ method, path, body }, forward) => {
    const reply = await forward();
    const said = JSON.parse(reply.body.toString()) as { readonly id: string; readonly status: string };
    if (begins(method, path)) {
      bodies.push(JSON.parse(body.toString()) as Sent);
      underWay.add(said.id);
    }
    most = Math.max(most, underWay.size);
    if (said.status === 'completed') underWay.delete(said.id);
    return reply;
  });
  await using own = await project(proxy.url, within({ concurrency: 3 }));
  const summary = await own.summary();
  expect(summary).toMatchObject({
    status: 'completed',
    rows: { ok: rowCount },
    requests: { batch: 0, standard: rowCount, in_doubt: 0 },
  });
  // The answers name the default tier; of its price a window of two hours costs 70 %.
  const { input, output } = summary.tokens as { readonly input: number; readonly output: number };
  expect(summary.cost_usd).toBeCloseTo((0.7 * (input * 0.15 + output * 0.6)) / 1e6, 12);
  expect(await answers()).toEqual(expected(() => 1));
  expect(bodies).toHaveLength(rowCount);
  for (const body of bodies)
    expect(body).toMatchObject({
      service_tier: 'default',
      background: true,
      background_options: { completion_window: '2h' },
      store: true,
    });
  expect(most).toBe(3);
  expect(askedRequests(await emulator.bill())).toHaveLength(rowCount);
});

it.each(['SIGKILL', 'SIGINT'] as const)(
  'after %s the same responses are looked at, and none is bought again',
  async (signal) => {
    await using emulator = await createEmulator({ latencyMs: 0 });
    let isHeld = true;
    let looks = 0;
    await using proxy = await createProxy(emulator.url, async ({ method }, forward) => {
      if (method === 'GET') looks += 1;
      const reply = await forward();
      return isHeld ? withStatus(reply, 'queued') : reply;
    });
    await using own = await project(proxy.url, within());
    const { child, result } = own.start('run', 'pipeline.yaml', '--quiet');
    await expect.poll(() => looks, { interval: 5 }).toBeGreaterThan(3 * rowCount);
    child.kill(signal);
    await result;
    isHeld = false;
    expect(await own.summary()).toMatchObject({ rows: { ok: rowCount }, requests: { in_doubt: 0 } });
    expect(await answers()).toEqual(expected(() => 1));
    expect(askedRequests(await emulator.bill())).toHaveLength(rowCount);
  },
);

it('sends again what failed, and counts in doubt what is gone or whose id was never heard', async () => {
  await using emulator = await createEmulator({ latencyMs: 0 });
  const fates = new Map<string, 'failed' | 'expired' | 'gone'>();
  const next = ['failed', 'expired', 'gone'] as const;
  let begun = 0;
  await using proxy = await createProxy(emulator.url, async ({ method, path }, forward) => {
    const reply = await forward();
    if (begins(method, path)) {
      begun += 1;
      if (begun === 4) throw new Error('cut');
      const fate = next[begun - 1];
      const { id } = JSON.parse(reply.body.toString()) as { readonly id: string };
      if (fate !== undefined) fates.set(id, fate);
      return withStatus(reply, 'queued');
    }
    const fate = fates.get(path.split('/').at(-1) ?? '');
    if (fate === 'gone') return jsonResponse(404, { error: { message: 'No such response.' } });
    return fate === undefined ? reply : withStatus(reply, fate);
  });
  await using own = await project(proxy.url, within());
  expect(await own.summary()).toMatchObject({ rows: { ok: rowCount }, requests: { in_doubt: 2 } });
  expect(await answers()).toEqual(expected(() => 1));
  expect(askedRequests(await emulator.bill())).toHaveLength(rowCount + 4);
});

it("does not ask again for what another key's account was asked for", async () => {
  await using emulator = await createEmulator({ latencyMs: 0 });
  let looks = 0;
  let isElsewhere = false;
  await using proxy = await createProxy(emulator.url, async ({ method, path }, forward) => {
    if (isElsewhere && method === 'GET' && path.startsWith('/responses/'))
      return jsonResponse(404, { error: { message: 'No such response.' } });
    const reply = await forward();
    if (method === 'GET') looks += 1;
    return begins(method, path) || method === 'GET' ? withStatus(reply, 'queued') : reply;
  });
  await using own = await project(proxy.url, within());
  const { child, result } = own.start('run', 'pipeline.yaml', '--quiet');
  await expect.poll(() => looks, { interval: 5 }).toBeGreaterThan(2 * rowCount);
  child.kill('SIGKILL');
  await result;
  isElsewhere = true;
  const { code, stderr } = await own.run('--quiet', '--set', 'provider.api_key=sk-of-another-project');
  expect(code).toBe(1);
  expect(stderr).toContain('which was accepted with another key');
  expect(askedRequests(await emulator.bill())).toHaveLength(rowCount);
});

it('cancelled, it keeps what is answered and cancels the rest', async () => {
  await using emulator = await createEmulator({ latencyMs: 0 });
  const done = new Set<string>();
  const cancelled: string[] = [];
  let looks = 0;
  let isOver = false;
  await using proxy = await createProxy(emulator.url, async ({ method, path }, forward) => {
    const reply = await forward();
    const id = path.split('/')[2] ?? '';
    if (begins(method, path)) {
      const said = JSON.parse(reply.body.toString()) as { readonly id: string };
      if (done.size < 4) done.add(said.id);
    }
    if (method === 'GET') looks += 1;
    if (isOver && done.has(id)) return reply;
    if (!path.endsWith('/cancel')) return withStatus(reply, 'queued');
    cancelled.push(id);
    return withStatus(reply, 'cancelled');
  });
  await using own = await project(proxy.url, within());
  const { child, result } = own.start('run', 'pipeline.yaml', '--quiet');
  await expect.poll(() => looks, { interval: 5 }).toBeGreaterThan(2 * rowCount);
  child.kill('SIGKILL');
  await result;
  isOver = true;
  const { run_id: runId } = await own.status();
  expect(await own.cli('cancel', runId, '--quiet')).toMatchObject({ code: 0 });
  expect(await own.status()).toMatchObject({ status: 'cancelled', rows: { ok: 4 } });
  expect(await answers()).toHaveLength(4);
  expect(cancelled).toHaveLength(rowCount - 4);
});

it('a deadline that is nearer than the window is kept without it', async () => {
  await using emulator = await createEmulator();
  const bodies: Sent[] = [];
  await using proxy = await createProxy(emulator.url, async ({ method, path, body }, forward) => {
    if (begins(method, path)) bodies.push(JSON.parse(body.toString()) as Sent);
    return forward();
  });
  await using own = await project(proxy.url, within({}, { mode: 'auto', auto: { deadline: '1h' } }));
  expect(await own.summary()).toMatchObject({ rows: { ok: rowCount } });
  expect(bodies).toHaveLength(rowCount);
  expect(bodies.some(({ background }) => background !== undefined)).toBe(false);
});
