import type { ItemBatch } from '../../src/core/item-batch.ts';

/** An item of a batch: its request line and rows line, without the line feeds. */
export interface TestItem {
  readonly id: string;
  readonly line: string;
  readonly tokens: number;
}

export function rowsLine({ id }: TestItem): string {
  return JSON.stringify([id, [`key of ${id}`], { field: id }, 'hash']);
}

export function itemBatch(items: readonly TestItem[]): ItemBatch {
  const lines = pack(items.map((item) => item.line));
  const rows = pack(items.map(rowsLine));
  return {
    length: items.length,
    lines: lines.bytes,
    lineEnds: lines.ends,
    rows: rows.bytes,
    rowEnds: rows.ends,
    customIds: items.map((item) => item.id),
    keys: [],
    hashes: null,
    tokens: Uint32Array.from(items, (item) => item.tokens),
    sourceRows: Uint32Array.from(items, (_, index) => index),
    failures: [],
  };
}

function pack(texts: readonly string[]): { readonly bytes: Buffer; readonly ends: Uint32Array } {
  const buffers = texts.map((text) => Buffer.from(`${text}\n`));
  let end = 0;
  return {
    bytes: Buffer.concat(buffers),
    ends: Uint32Array.from(buffers, (buffer) => (end += buffer.length)),
  };
}
