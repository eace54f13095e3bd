import type { ItemBatch } from '../core/item-batch.ts';
import type { Reading } from '../job/job.ts';
import type { RunSelection } from '../ledger/selection.ts';
import { slices } from './render-rows.ts';
import { leastSlice } from './read-source.ts';
import { openUnchanged } from './read-run.ts';
import { sampledSource } from './sample.ts';

/** Some rendered rows, with a byte each that is 1 where the row would not be sent. */
export interface RowsToSend {
  readonly items: ItemBatch;
  readonly skip: Uint8Array;
}

/** Reads what a run would send, sending and keeping nothing. */
export async function* rowsToSend(
  reading: Omit<Reading, 'run'>,
  { sample, window }: RunSelection,
): AsyncGenerator<RowsToSend> {
  const { prepared, flags, host } = reading;
  const { source, chain, renderer } = prepared;
  const signal = host.signals.drain;
  const unchanged = await openUnchanged(reading, null);
  const options = { fields: chain.read, limit: flags.limit, window, signal };
  for await (const batch of sampledSource(source, sample).read(options)) {
    let rows = batch;
    for (const transform of chain.transforms) rows = (await transform.apply(rows, signal)).batch;
    const most = Math.max(batch.length, leastSlice);
    for (const part of slices({ rows, failures: [], lastRecord: Infinity }, most)) {
      for (const items of renderer.render(part.rows)) yield { items, skip: await unchanged.skips(items) };
    }
  }
}
