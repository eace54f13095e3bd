import type { ItemBatch } from '../core/item-batch.ts';
import type { NewChunk } from '../ledger/ledger.ts';
import type { RequestLines } from '../request/request-lines.ts';
import type { ChunkLimits } from '../core/chunk-limits.ts';
import { Chunker } from './chunker.ts';

/** A row that has been sealed before, with its lines without their line feeds. */
export interface StoredRow {
  readonly customId: string;
  readonly request: Buffer;
  /** Of the rows file. */
  readonly row: Buffer;
}

export interface PackContext {
  readonly folder: string;
  readonly limits: ChunkLimits;
  readonly lines: RequestLines;
  /** The number of the first new file. */
  readonly firstChunk: number;
}

/**
 * Packs stored rows into as few new files as fit.
 *
 * @param move records a file and the rows' move into it in one transaction: until then a crash leaves them where they
 * were
 */
export async function packRows(
  { folder, limits, lines, firstChunk }: PackContext,
  rows: AsyncIterable<StoredRow>,
  move: (chunk: NewChunk, customIds: readonly string[]) => Promise<void>,
): Promise<readonly NewChunk[]> {
  const chunks: NewChunk[] = [];
  let inFile: string[] = [];
  await using chunker = new Chunker(folder, limits, firstChunk);
  const keep = async (chunk: NewChunk | null): Promise<void> => {
    if (chunk === null) return;
    await move(chunk, inFile);
    chunks.push(chunk);
    inFile = [];
  };
  for await (const row of rows) {
    for await (const sealed of chunker.add(oneItem(row, lines))) await keep(sealed.chunk);
    inFile.push(row.customId);
  }
  await keep(await chunker.seal());
  return chunks;
}

const lineFeed = Buffer.from('\n');

function oneItem({ customId, request, row }: StoredRow, requestLines: RequestLines): ItemBatch {
  const lines = Buffer.concat([request, lineFeed]);
  const rows = Buffer.concat([row, lineFeed]);
  return {
    length: 1,
    lines,
    lineEnds: Uint32Array.of(lines.length),
    rows,
    rowEnds: Uint32Array.of(rows.length),
    customIds: [customId],
    keys: [],
    hashes: null,
    tokens: Uint32Array.of(requestLines.tokensOf(request)),
    sourceRows: Uint32Array.of(0),
    failures: [],
  };
}
