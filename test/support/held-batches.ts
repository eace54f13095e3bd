import type { Middleware } from './proxy.ts';

/** Lets the batch of a run's first file end, and no other until it is released. */
export function allButFirst(): { readonly middleware: Middleware; release(): void } {
  let holds = true;
  const middleware: Middleware = async ({ method, path }, forward) => {
    const response = await forward();
    if (!holds || method !== 'GET' || !path.startsWith('/batches/')) return response;
    const batch = JSON.parse(response.body.toString()) as { metadata: { batchline_chunk: string } };
    if (batch.metadata.batchline_chunk === '1') return response;
    const held = { ...batch, status: 'in_progress', output_file_id: null };
    return { ...response, body: Buffer.from(JSON.stringify(held)) };
  };
  return {
    middleware,
    release: () => {
      holds = false;
    },
  };
}
