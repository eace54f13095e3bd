import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import { acceptedBatches, askedRequests, paidLines } from '../support/bill.ts';
import { createEmulator, type TestEmulator } from '../support/emulator.ts';
import type { PipelineProject } from '../support/pipeline-process.ts';
import { createProxy } from '../support/proxy.ts';
import { answers, expected, project, rowCount, useNotes } from '../run/scene.ts';
import type { StartedGateway } from './started.ts';

/** What a pipeline says of the way through a gateway. */
export interface Way {
  readonly start: (emulatorUrl: string) => Promise<StartedGateway>;
  /** The `provider` block, but for its address. @param model that is asked for */
  readonly provider: (emulatorUrl: string, model: string) => object;
}

interface Setting {
  readonly url?: string;
  readonly rest?: object;
  readonly embeddings?: true;
}

const embeddingModel = 'text-embedding-3-small';

/** What holds of a run whatever stands between it and the provider. To be called once by a test file. */
export function useGateway({ start, provider }: Way) {
  useNotes();
  let emulator: TestEmulator;
  let gateway: StartedGateway;
  beforeAll(async () => {
    emulator = await createEmulator();
    gateway = await start(emulator.url);
  });
  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
    await emulator[Symbol.asyncDispose]();
  });

  const open = ({ url = gateway.url, rest, embeddings }: Setting = {}): Promise<PipelineProject> => {
    const model = embeddings ? embeddingModel : 'gpt-4o-mini';
    const block = { type: 'openai', base_url: url, ...provider(emulator.url, model) };
    return project(url, {
      batch: { max_requests: 5 },
      request: embeddings
        ? { endpoint: 'embeddings', model, input: '{{ body }}', prompt: undefined }
        : { model },
      ...(embeddings && { sink: { columns: { vector: 'embedding' } } }),
      rest: { provider: block, ...rest },
    });
  };

  /** Runs, with every row answered; what the provider has charged for it. */
  const charged = async (own: PipelineProject, faults: FaultsInput = {}) => {
    const body = JSON.stringify(faults);
    await fetch(new URL('/emulator/faults', emulator.url), { method: 'PUT', body });
    const before = (await emulator.bill()).length;
    expect((await own.summary()).rows).toMatchObject({ ok: rowCount, failed: 0, pending: 0 });
    const bill = (await emulator.bill()).slice(before);
    return {
      batches: acceptedBatches(bill),
      paid: paidLines(bill).length,
      asked: askedRequests(bill).length,
    };
  };
  const once = { batches: 3, paid: rowCount, asked: 0 };

  it('brings batches home', async () => {
    await using own = await open();
    expect(await charged(own)).toEqual(once);
    expect(await answers()).toEqual(expected(() => 1));
  });

  it('answers line by line', async () => {
    await using own = await open({ rest: { mode: 'standard' } });
    expect(await charged(own)).toEqual({ batches: 0, paid: 0, asked: rowCount });
    expect(await answers()).toEqual(expected(() => 1));
  });

  it.each(['batch', 'standard'])('embeds in mode %s', async (mode) => {
    await using own = await open({ embeddings: true, rest: { mode } });
    const { paid, asked } = await charged(own);
    expect(paid + asked).toBe(rowCount);
  });

  it('pays once where the reply to a create is lost behind the gateway', async () => {
    await using own = await open();
    const faults: FaultsInput = {
      http: [{ fault: 'cut', on: 'create_batch', effect: 'done', requests: [1, 3] }],
    };
    expect(await charged(own, faults)).toEqual(once);
  });

  it('pays once where it is lost before the gateway, and fetches again what was cut', async () => {
    const lost = new Set(['POST /batches', 'POST /files', 'GET /files']);
    await using proxy = await createProxy(gateway.url, async ({ method, path }, forward) => {
      const response = await forward();
      const isContent = path.endsWith('/content');
      if (lost.delete(`${method} ${isContent ? '/files' : path}`)) throw new Error('The reply is lost.');
      return response;
    });
    await using own = await open({ url: proxy.url });
    expect(await charged(own)).toEqual(once);
    expect(lost.size).toBe(0);
  });

  return { open };
}
