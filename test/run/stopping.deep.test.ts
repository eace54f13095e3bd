import { expect, it } from 'vitest';
import { acceptedBatches, paidLines } from '../support/bill.ts';
import { createEmulator } from '../support/emulator.ts';
import { createProxy, type Middleware } from '../support/proxy.ts';
import { project, rowCount, useNotes } from './scene.ts';

useNotes();

it('finishes a create that is under way at the first signal, and begins no other', async () => {
  await using emulator = await createEmulator();
  const asked = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  let creates = 0;
  const middleware: Middleware = async ({ method, path }, forward) => {
    if (method !== 'POST' || path !== '/batches') return forward();
    creates += 1;
    if (creates > 1) return forward();
    asked.resolve();
    await released.promise;
    return forward();
  };
  await using proxy = await createProxy(emulator.url, middleware);
  await using own = await project(proxy.url, { batch: { max_requests: 1, max_enqueued_tokens: 30 } });
  const { child, result } = own.start('run', 'pipeline.yaml');
  await asked.promise;
  child.kill('SIGINT');
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(child.exitCode).toBeNull();
  released.resolve();
  expect(await result).toMatchObject({
    code: 130,
    stderr: expect.stringMatching(/nothing is lost.*Type the same command again/s),
  });
  const { status, batches } = await own.status();
  expect({ status, running: batches.running }).toEqual({ status: 'interrupted', running: creates });
  expect(creates).toBe(acceptedBatches(await emulator.bill()));
  expect((await own.summary()).rows).toMatchObject({ ok: rowCount, pending: 0 });
  expect(paidLines(await emulator.bill())).toHaveLength(rowCount);
});

it('breaks everything off at the second signal', async () => {
  await using emulator = await createEmulator();
  const asked = Promise.withResolvers<void>();
  let hangs = true;
  const middleware: Middleware = async ({ method, path }, forward) => {
    const response = await forward();
    if (!hangs || method !== 'POST' || path !== '/batches') return response;
    asked.resolve();
    return new Promise(() => {});
  };
  await using proxy = await createProxy(emulator.url, middleware);
  await using own = await project(proxy.url);
  const { child, result } = own.start('run', 'pipeline.yaml');
  await asked.promise;
  child.kill('SIGINT');
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(child.exitCode).toBeNull();
  // Another one, since a second of the same name is lost while the first has not been heard.
  child.kill('SIGTERM');
  expect((await result).code).toBe(130);
  hangs = false;
  expect((await own.summary()).rows).toMatchObject({ ok: rowCount, pending: 0 });
  expect(acceptedBatches(await emulator.bill())).toBe(1);
});
