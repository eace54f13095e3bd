import type { ChunkEvent } from '../../src/ledger/chunk-state.ts';
import type { ChunkPatch, Ledger } from '../../src/ledger/ledger.ts';

/** Has a chunk meet events one after the other, wherever it is; the last brings the patch along. */
export async function moveChunk(
  ledger: Ledger,
  at: { readonly runId: string; readonly chunk: number },
  events: readonly ChunkEvent[],
  patch: ChunkPatch = {},
): Promise<void> {
  for (const [index, event] of events.entries()) {
    const chunk = await ledger.chunk(at.runId, at.chunk);
    if (chunk === null) throw new Error(`no chunk ${at.chunk}`);
    await ledger.moveChunk(chunk, event, index === events.length - 1 ? patch : {});
  }
}
