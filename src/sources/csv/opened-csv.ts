import type { RowBatch } from '../../core/row-batch.ts';
import type { OpenedSource, ReadOptions, SourceContext } from '../../core/source.ts';
import type { Field } from '../../core/value.ts';
import { namedField } from '../file/named-field.ts';
import { rowNumber, withRowNumber } from '../file/row-number.ts';
import { CsvBatch, type CsvBatchShape } from './csv-batch.ts';
import type { OpenedInput } from './file-head.ts';
import { parseInWorker } from './parse-in-worker.ts';
import { parseText } from './parse-text.ts';

export interface OpenedCsvOptions {
  readonly inputs: readonly OpenedInput[];
  readonly columns: readonly string[];
  /** Whether the first record of each input names its columns. */
  readonly hasHeader: boolean;
  readonly skipsBadRecords: boolean;
  readonly fingerprint: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly context: SourceContext;
}

/** Below this a file is read before a thread of its own would be ready. */
const largeFileBytes = 4_000_000;
const manyRows = 10_000;

export class OpenedCsv implements OpenedSource {
  readonly fields: readonly Field[];
  readonly keyFields: readonly Field[];
  readonly keyIsUnique: boolean;
  readonly resumable = false;
  readonly fingerprint: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  badRecords = 0;
  readonly #options: OpenedCsvOptions;

  constructor(options: OpenedCsvOptions) {
    this.#options = options;
    this.fingerprint = options.fingerprint;
    this.files = options.files;
    const { context } = options;
    const file = options.inputs[0]?.text.name;
    this.fields = withRowNumber(options.columns.map((name) => ({ name, kind: 'text', sqlType: 'text' })));
    this.keyFields = context.key.map((name) => namedField(this.fields, name, 'unknown_key_column', file));
    // The record's number is unique by itself; of any other column only reading can tell.
    this.keyIsUnique = this.keyFields.includes(rowNumber);
  }

  async *read({ fields, limit = Infinity, signal }: ReadOptions): AsyncGenerator<RowBatch, void, undefined> {
    const columns = this.#columnsOf(fields);
    const shape = this.#shape(fields, columns);
    this.badRecords = 0;
    let left = limit;
    let firstRecord = 1;
    if (left <= 0) return;
    for (const input of this.#options.inputs) {
      let seen = 0;
      const badBefore = this.badRecords;
      for await (const records of this.#parse(input, columns, left, signal)) {
        seen = records.seen;
        this.badRecords = badBefore + records.bad;
        const batch = new CsvBatch(shape, records, left, input.text.name, firstRecord);
        left -= batch.length;
        if (batch.length > 0) yield batch;
        if (left <= 0) return;
      }
      firstRecord += seen;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #parse({ text, format }: OpenedInput, columns: readonly number[], rows: number, signal: AbortSignal) {
    const { hasHeader, skipsBadRecords } = this.#options;
    const plan = { name: text.name, format, hasHeader, skipsBadRecords, columns };
    const isLarge = text.file !== null && text.file.bytes >= largeFileBytes && rows >= manyRows;
    return isLarge
      ? parseInWorker(text.file, plan, text.onFault, signal)
      : parseText(text.chunks(signal), plan);
  }

  /** The columns that are needed for these fields and the key. */
  #columnsOf(names: readonly string[]): readonly number[] {
    const { columns, context } = this.#options;
    const indices = [...names, ...context.key].map((name) => columns.indexOf(name));
    return [...new Set(indices)].filter((index) => index !== -1);
  }

  #shape(names: readonly string[], packed: readonly number[]): CsvBatchShape {
    const { columns, context, inputs } = this.#options;
    const file = inputs[0]?.text.name;
    return {
      fields: names.map((name) => namedField(this.fields, name, 'unknown_field', file)),
      columns: names.map((name) => packed.indexOf(columns.indexOf(name))),
      keyColumns: context.key.map((name) => packed.indexOf(columns.indexOf(name))),
      columnCount: packed.length,
    };
  }
}
