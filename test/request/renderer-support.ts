import type { z } from 'zod';
import type { ItemBatch } from '../../src/core/item-batch.ts';
import type { PartFiles } from '../../src/core/message-part.ts';
import { requestBlock } from '../../src/core/request-block.ts';
import type { RowBatch } from '../../src/core/row-batch.ts';
import { printValue } from '../../src/core/print.ts';
import { ValueBatch } from '../../src/core/value-batch.ts';
import type { Field, Value } from '../../src/core/value.ts';
import { toWire } from '../../src/core/wire-text.ts';
import { openAiDialect } from '../../src/providers/openai/dialect/dialect.ts';
import { createRenderer, type Renderer, type RendererOptions } from '../../src/request/renderer.ts';

export type RequestInput = z.input<typeof requestBlock>;

export interface Line {
  readonly custom_id: string;
  readonly method: string;
  readonly url: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A batch whose fields are the keys of its rows, and whose key is `id`, or what `key` names. */
export function rowBatch(
  rows: readonly Readonly<Record<string, Value>>[],
  key: readonly string[] = ['id'],
): ValueBatch {
  const fields: Field[] = Object.keys(rows[0] ?? {}).map((name) => ({ name, kind: 'text', sqlType: 'text' }));
  return new ValueBatch(
    fields,
    rows.map((row) => fields.map(({ name }) => row[name] ?? null)),
    rows.map((row) =>
      key.map((name) => {
        const value = row[name] ?? null;
        return value === null ? null : toWire(printValue(value));
      }),
    ),
    rows.map((_, index) => index + 1),
    (row) => `rows.csv:${row + 2}`,
  );
}

/** For requests without parts that name files. */
export const noFiles: PartFiles = {
  read: (path) => {
    throw new Error(`no file is to be read, not ${path} either`);
  },
};

export function renderRows(
  request: RequestInput,
  rows: readonly Readonly<Record<string, Value>>[],
  options: Partial<RendererOptions> = {},
): ItemBatch {
  const parsed = requestBlock.parse(request);
  const batch = rowBatch(rows, options.keyNames);
  const renderer = createRenderer(
    {
      request: parsed,
      dialect: openAiDialect,
      keyNames: ['id'],
      keyMode: 'auto',
      maxLineBytes: 1_000_000,
      wantsHash: false,
      carried: [],
      files: noFiles,
      ...options,
    },
    batch.fields,
  );
  return renderAtOnce(renderer, batch);
}

/** The items of a batch that are few enough to be rendered at once. */
export function renderAtOnce(renderer: Renderer, batch: RowBatch): ItemBatch {
  const [items, ...others] = renderer.render(batch);
  if (items === undefined || others.length > 0) throw new Error('not rendered at once');
  return items;
}

/** The texts of the lines in a buffer, each without its line feed, which must be there. */
export function linesOf(bytes: Buffer, ends: Uint32Array): readonly string[] {
  return Array.from(ends, (end, index) => {
    const line = bytes.subarray(index === 0 ? 0 : ends[index - 1], end).toString('utf8');
    if (!line.endsWith('\n') || line.slice(0, -1).includes('\n')) throw new Error(`not one line: ${line}`);
    return line.slice(0, -1);
  });
}

export function requestLines(items: ItemBatch): readonly Line[] {
  return linesOf(items.lines, items.lineEnds).map((line) => JSON.parse(line) as Line);
}

export function rowsLines(items: ItemBatch): readonly unknown[] {
  return linesOf(items.rows, items.rowEnds).map((line) => JSON.parse(line) as unknown);
}
