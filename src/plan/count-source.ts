import { untilAborted } from '../core/async.ts';
import type { ReadWindow } from '../core/read-window.ts';
import type { OpenedSource } from '../core/source.ts';

export interface CountRequest {
  readonly window: ReadWindow | undefined;
  readonly signal: AbortSignal;
  /** In how many milliseconds it is given up. */
  readonly withinMs: number;
  /** Whether files may be read through for it. */
  readonly readsFiles: boolean;
}

/** How many rows a source has; null where that cannot be told, or not in time. */
export async function countSource(source: OpenedSource, request: CountRequest): Promise<number | null> {
  const { window, withinMs, readsFiles } = request;
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(withinMs)]);
  try {
    if (source.count !== undefined)
      return await untilAborted(source.count({ window, signal, withinMs }), signal);
    const isFile = (source.files ?? []).length > 0;
    return readsFiles && isFile ? await countRows(source, signal) : null;
  } catch {
    request.signal.throwIfAborted();
    // Whatever is wrong with the source is told by whoever reads it.
    return null;
  }
}

async function countRows(source: OpenedSource, signal: AbortSignal): Promise<number> {
  let rows = 0;
  for await (const batch of source.read({ fields: [], signal })) rows += batch.length;
  return rows;
}
