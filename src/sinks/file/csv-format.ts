import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { printValue, valueToJson } from '../../core/print.ts';
import { rowShape } from '../../core/row-shape.ts';
import type { SinkContext, SinkSample } from '../../core/sink.ts';
import type { Value } from '../../core/value.ts';
import { TextCleaner } from '../../pg/clean-text.ts';
import type { FileFormat } from './file-sink.ts';

/**
 * CSV as in RFC 4180 with a header, UTF-8, lines ended by a line feed; lists and maps are JSON. As in Postgres's own
 * CSV, an empty field is null and a quoted empty one is empty text.
 */
export function csvFormat(context: SinkContext): FileFormat {
  const cleaner = new TextCleaner();
  const names = [...context.key, ...context.columns].map(({ name }) => name);
  const head = `${names.map(quoted).join(',')}\n`;
  return {
    head,
    shape: `csv ${rowShape(context)}`,
    line(rows, row) {
      cleaner.happened = false;
      const fields = [...rows.keys, ...rows.columns].map((column) => field(column[row] ?? null, cleaner));
      return { text: `${fields.join(',')}\n`, cleaned: cleaner.happened };
    },
    sample,
  };
}

function field(value: Value, cleaner: TextCleaner): string {
  if (value === null) return '';
  if (typeof value === 'object' && !JSON.isRawJSON(value)) return quoted(cleaner.json(valueToJson(value)));
  return quoted(cleaner.text(typeof value === 'string' ? value : printed(value)));
}

function printed(value: NonNullable<Value>): string {
  return JSON.isRawJSON(value) ? value.rawJSON : printValue(value);
}

function quoted(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

async function sample(path: string, count: number, signal: AbortSignal): Promise<SinkSample> {
  const { parse } = await import('csv-parse');
  const parser = parse({
    to: count + 1,
    cast: (text, { quoting }) => (text === '' && !quoting ? null : text),
  });
  // Whatever goes wrong on the way reaches the reader of `parser`; and it breaks the stream off when it has enough.
  pipeline(createReadStream(path), parser, { signal }).catch(() => {});
  const records: (string | null)[][] = [];
  for await (const record of parser as AsyncIterable<(string | null)[]>)
    if (records.push(record) > count) break;
  const [header = [], ...rows] = records;
  return { columns: header.map((name) => name ?? ''), rows };
}
