import type { RowBatch } from '../../core/row-batch.ts';
import type { OpenedSource, ReadOptions, SourceContext } from '../../core/source.ts';
import type { Field } from '../../core/value.ts';
import { namedField } from '../file/named-field.ts';
import { rowNumber, withRowNumber } from '../file/row-number.ts';
import { CsvBatch, type CsvBatchShape } from './csv-batch.ts';
import type { OpenedInput } from './file-head.ts';
import { RecordFault } from '../file/record-fault.ts';
import { RecordParser, type Records } from './record-parser.ts';

export interface OpenedCsvOptions {
  readonly inputs: readonly OpenedInput[];
  readonly columns: readonly string[];
  /** Whether the first record of each input names its columns. */
  readonly hasHeader: boolean;
  readonly skipsBadRecords: boolean;
  readonly fingerprint: Readonly<Record<string, string>>;
  readonly context: SourceContext;
}

const batchRows = 2000;
const batchBytes = 4_000_000;

export class OpenedCsv implements OpenedSource {
  readonly fields: readonly Field[];
  readonly keyFields: readonly Field[];
  readonly keyIsUnique: boolean;
  readonly resumable = false;
  readonly fingerprint: Readonly<Record<string, string>>;
  badRecords = 0;
  readonly #options: OpenedCsvOptions;

  constructor(options: OpenedCsvOptions) {
    this.#options = options;
    this.fingerprint = options.fingerprint;
    const { context } = options;
    const file = options.inputs[0]?.text.name;
    this.fields = withRowNumber(options.columns.map((name) => ({ name, kind: 'text', sqlType: 'text' })));
    this.keyFields = context.key.map((name) => namedField(this.fields, name, 'unknown_key_column', file));
    // The record's number is unique by itself; of any other column only reading can tell.
    this.keyIsUnique = this.keyFields.includes(rowNumber);
  }

  async *read({ fields, limit = Infinity, signal }: ReadOptions): AsyncGenerator<RowBatch, void, undefined> {
    const shape = this.#shape(fields);
    this.badRecords = 0;
    let left = limit;
    let firstRecord = 1;
    if (left <= 0) return;
    for (const input of this.#options.inputs) {
      const parser = await this.#parser(input);
      for await (const records of recordsOf(input, parser, signal)) {
        const batch = new CsvBatch(shape, firstRecords(records, left), input.text.name, firstRecord);
        left -= batch.length;
        if (batch.length > 0) yield batch;
        if (left <= 0) return;
      }
      firstRecord += parser.seen;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #parser(input: OpenedInput): Promise<RecordParser> {
    const { hasHeader, skipsBadRecords } = this.#options;
    const onBadRecord = skipsBadRecords ? () => this.#countBad() : null;
    return RecordParser.create(input.format, { hasHeader, onBadRecord });
  }

  #countBad(): void {
    this.badRecords += 1;
  }

  #shape(names: readonly string[]): CsvBatchShape {
    const { columns, context, inputs } = this.#options;
    const file = inputs[0]?.text.name;
    return {
      fields: names.map((name) => namedField(this.fields, name, 'unknown_field', file)),
      columns: names.map((name) => columns.indexOf(name)),
      keyColumns: context.key.map((name) => columns.indexOf(name)),
    };
  }
}

async function* recordsOf(
  input: OpenedInput,
  parser: RecordParser,
  signal: AbortSignal,
): AsyncGenerator<Records, void, undefined> {
  let bytes = 0;
  try {
    for await (const chunk of input.text.chunks(signal)) {
      await parser.write(chunk);
      bytes += chunk.length;
      if (parser.ready < batchRows && bytes < batchBytes) continue;
      bytes = 0;
      yield parser.take();
    }
    await parser.end();
    yield parser.take();
  } catch (error) {
    throw error instanceof RecordFault ? error.in(input.text.name) : error;
  } finally {
    parser.destroy();
  }
}

function firstRecords(records: Records, count: number): Records {
  if (records.fields.length <= count) return records;
  const { fields, lines, ordinals } = records;
  return { fields: fields.slice(0, count), lines: lines.slice(0, count), ordinals: ordinals.slice(0, count) };
}
