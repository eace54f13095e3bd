import { createEmulator, type TestEmulator } from './emulator.ts';
import { createProxy, type Middleware } from './proxy.ts';

interface BatchObject {
  readonly status: string;
  readonly metadata: { readonly batchline_chunk: string };
}

interface Page {
  readonly data: readonly BatchObject[];
}

/** Batches that have not ended, as far as a client can see, until they are released: a slow provider without a clock. */
export interface HeldBatches {
  readonly middleware: Middleware;
  readonly release: () => void;
  readonly hold: () => void;
}

/** @param isHeld which of them; by default all */
export function holdBatches(isHeld: (batch: BatchObject) => boolean = () => true): HeldBatches {
  let holds = true;
  const seen = (batch: BatchObject) => (isHeld(batch) ? { ...batch, ...underWay(batch) } : batch);
  return {
    async middleware({ method, path }, forward) {
      const response = await forward();
      if (!holds || method !== 'GET' || response.status !== 200) return response;
      if (path !== '/batches' && !path.startsWith('/batches/')) return response;
      const found = JSON.parse(response.body.toString()) as Page | BatchObject;
      const edited = 'data' in found ? { ...found, data: found.data.map(seen) } : seen(found);
      return { ...response, body: Buffer.from(JSON.stringify(edited)) };
    },
    release: () => {
      holds = false;
    },
    hold: () => {
      holds = true;
    },
  };
}

/** Lets the batch of a run's first file end, and no other. */
export function allButFirst(): HeldBatches {
  return holdBatches(({ metadata }) => metadata.batchline_chunk !== '1');
}

export interface HoldingEmulator extends TestEmulator, Pick<HeldBatches, 'hold' | 'release'> {}

/** An emulator whose batches are held until they are released. */
export async function createHoldingEmulator(
  options: Parameters<typeof createEmulator>[0] = {},
): Promise<HoldingEmulator> {
  await using resources = new AsyncDisposableStack();
  const emulator = resources.use(await createEmulator(options));
  const { middleware, hold, release } = holdBatches();
  const { url } = resources.use(await createProxy(emulator.url, middleware));
  const kept = resources.move();
  return { ...emulator, url, hold, release, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function underWay({ status }: BatchObject) {
  const seen = status.startsWith('cancel') ? 'cancelling' : 'in_progress';
  return { status: seen, output_file_id: null, error_file_id: null, completed_at: null, cancelled_at: null };
}
