import type { Middleware, ProxiedResponse } from './proxy.ts';

interface BatchObject {
  readonly metadata: { readonly batchline_chunk: string };
}

interface Page {
  readonly data: readonly BatchObject[];
}

/** Batches that have not ended, as far as a client can see, until they are released: a slow provider without a clock. */
export interface HeldBatches {
  readonly middleware: Middleware;
  release(): void;
}

/** @param isHeld which of them; by default all */
export function holdBatches(isHeld: (batch: BatchObject) => boolean = () => true): HeldBatches {
  let holds = true;
  const seen = (batch: BatchObject) => (isHeld(batch) ? { ...batch, ...underWay } : batch);
  return {
    async middleware({ method, path }, forward) {
      const response = await forward();
      if (!holds || method !== 'GET' || response.status !== 200) return response;
      if (path === '/batches')
        return edited<Page>(response, (page) => ({ ...page, data: page.data.map(seen) }));
      return path.startsWith('/batches/') ? edited<BatchObject>(response, seen) : response;
    },
    release: () => {
      holds = false;
    },
  };
}

/** Lets the batch of a run's first file end, and no other. */
export function allButFirst(): HeldBatches {
  return holdBatches(({ metadata }) => metadata.batchline_chunk !== '1');
}

const underWay = { status: 'in_progress', output_file_id: null, error_file_id: null, completed_at: null };

function edited<Body>(response: ProxiedResponse, edit: (body: Body) => object): ProxiedResponse {
  const body = JSON.parse(response.body.toString()) as Body;
  return { ...response, body: Buffer.from(JSON.stringify(edit(body))) };
}
