import { parseStoredJson } from '../../core/exact-json.ts';
import type { ItemBatch } from '../../core/item-batch.ts';
import { valueToJson } from '../../core/print.ts';
import type { Value } from '../../core/value.ts';
import { RequestHash } from '../../request/request-hash.ts';
import type { RequestLines } from '../../request/request-lines.ts';
import type { AdoptedIds } from './adopted-ids.ts';
import type { Host } from '../../core/host.ts';
import type { Prepared } from '../../job/parts.ts';

/** Tells the line of the rows file that belongs to a request line; null where its row is not known any more. */
export type RowsLine = (customId: string, request: Buffer) => string | null;

export interface RecoveredRows {
  readonly prepared: Prepared;
  readonly lines: RequestLines;
  /** What the requests' hashes begin with. */
  readonly path: string;
  readonly host: Host;
}

/**
 * How the rows of adopted requests are found again. A plain custom_id is the row's key; a hashed one, a key of several
 * columns and carried fields are looked up by rendering the source once more. The hash is that of what was sent.
 *
 * @param ids the custom_ids of all adopted requests
 */
export async function recoverRows(context: RecoveredRows, ids: AdoptedIds): Promise<RowsLine> {
  const { prepared, lines, path } = context;
  const isPlain = prepared.schema.keyFields.length === 1 && prepared.results.columns.carried.length === 0;
  if (!isPlain || ids.hasHashed || ids.wantsRequests) await renderAgain(context, ids);
  const hash = new RequestHash(path);
  return (customId, request) => {
    const hashOf = () => hash.ofText(lines.askedIn(lines.original(request)));
    const line = ids.lineOf(customId);
    if (line !== null) return withHash(line, hashOf);
    if (!isPlain || customId.startsWith('h_')) return null;
    return wantsHash(prepared)
      ? JSON.stringify([customId, [customId], {}, hashOf()])
      : JSON.stringify([customId]);
  };
}

function wantsHash({ skipsUnchanged, sink, results }: Prepared): boolean {
  return skipsUnchanged || sink.keepsHash || results.columns.needsHash;
}

function withHash(line: string, hashOf: () => string): string {
  const parts = parseStoredJson(line) as Value[];
  if (parts.length < 4 || parts[3] === null) return line;
  return valueToJson(parts.with(3, hashOf()));
}

/** Keeps the rows lines of the adopted ids, as the source gives them now. */
async function renderAgain({ prepared, host }: RecoveredRows, ids: AdoptedIds): Promise<void> {
  const { source, chain, renderer } = prepared;
  for await (const batch of source.read({ fields: chain.read, signal: host.signals.drain })) {
    let rows = batch;
    for (const transform of chain.transforms) rows = (await transform.apply(rows, host.signals.drain)).batch;
    for (const items of renderer.render(rows)) keepLines(ids, items);
  }
}

function keepLines(ids: AdoptedIds, { customIds, rows, rowEnds, lines, lineEnds }: ItemBatch): void {
  for (const [item, customId] of customIds.entries()) {
    if (!ids.has(customId)) continue;
    const row = rows.toString('utf8', item === 0 ? 0 : (rowEnds[item - 1] ?? 0), (rowEnds[item] ?? 0) - 1);
    const start = item === 0 ? 0 : (lineEnds[item - 1] ?? 0);
    ids.keepLine(customId, row, lines.subarray(start, (lineEnds[item] ?? 0) - 1));
  }
}
