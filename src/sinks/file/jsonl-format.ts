import { parseStoredJson } from '../../core/exact-json.ts';
import { printValue, valueToJson } from '../../core/print.ts';
import { rowShape } from '../../core/row-shape.ts';
import type { ColumnPlan, ResultBatch, SinkContext, SinkSample } from '../../core/sink.ts';
import type { Value } from '../../core/value.ts';
import { readLines } from '../../files/line-reader.ts';
import { TextCleaner } from '../../pg/clean-text.ts';
import type { FileFormat } from './file-sink.ts';

/** One JSON object a row: the key's columns, then the values'. A key of whole numbers is a number, to the digit. */
export function jsonlFormat(context: SinkContext): FileFormat {
  const cleaner = new TextCleaner();
  const keys = context.key.map((column) => ({ name: nameOf(column), isInteger: isInteger(column) }));
  const columns = context.columns.map(nameOf);
  return {
    head: '',
    shape: `jsonl ${rowShape(context)}`,
    line(rows, row) {
      cleaner.happened = false;
      const members = [
        ...keys.map(
          ({ name, isInteger }, part) => `${name}:${keyJson(rows.keys[part]?.[row] ?? '', isInteger)}`,
        ),
        ...columns.map((name, index) => `${name}:${valueToJson(valueOf(rows, index, row))}`),
      ];
      const text = cleaner.json(`{${members.join(',')}}\n`);
      return { text, cleaned: cleaner.happened };
    },
    sample: (path, count, signal) =>
      sample(
        path,
        [...context.key, ...context.columns].map(({ name }) => name),
        count,
        signal,
      ),
  };
}

function nameOf(column: ColumnPlan): string {
  return JSON.stringify(column.name);
}

function isInteger({ sqlType, isWhole }: ColumnPlan): boolean {
  return isWhole === true || /^(?:smallint|integer|bigint|int[248]?)$/i.test(sqlType);
}

function keyJson(text: string, isInteger: boolean): string {
  return isInteger && /^-?(?:0|[1-9]\d*)$/.test(text) ? text : JSON.stringify(text);
}

function valueOf(rows: ResultBatch, column: number, row: number): Value {
  return rows.columns[column]?.[row] ?? null;
}

async function sample(
  path: string,
  columns: readonly string[],
  count: number,
  signal: AbortSignal,
): Promise<SinkSample> {
  const rows: (string | null)[][] = [];
  for await (const { lines } of readLines(path, signal)) {
    for (const line of lines.slice(0, count - rows.length)) {
      const values = parseStoredJson(line.toString()) as { readonly [name: string]: Value };
      rows.push(columns.map((name) => printed(values[name] ?? null)));
    }
    if (rows.length >= count) break;
  }
  return { columns, rows };
}

function printed(value: Value): string | null {
  return value === null ? null : printValue(value);
}
