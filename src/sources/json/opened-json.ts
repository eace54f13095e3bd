import { BatchlineError } from '../../core/errors.ts';
import type { RowBatch } from '../../core/row-batch.ts';
import type { OpenedSource, ReadOptions, SourceContext } from '../../core/source.ts';
import type { Field } from '../../core/value.ts';
import { findTexts, type InputTexts } from '../file/input-text.ts';
import { namedField } from '../file/named-field.ts';
import { refuseWhere } from '../file/refuse-where.ts';
import { rowNumber, warnOfRowNumberKey, withRowNumber } from '../file/row-number.ts';
import { JsonBatch, type JsonBatchShape } from './json-batch.ts';
import type { JsonFormat, JsonParser } from './json-record.ts';
import { keyField, learnFields } from './learn-fields.ts';
import { readRecords, sampleOf } from './read-records.ts';

export interface JsonConfig {
  readonly path: string;
  readonly fields?: readonly string[] | undefined;
  readonly on_bad_record: 'error' | 'skip';
}

/** Opens files of JSON records and learns their fields from the first of them. */
export async function openJson(
  config: JsonConfig,
  format: JsonFormat,
  context: SourceContext,
): Promise<OpenedSource> {
  refuseWhere(context);
  const found = await findTexts(config.path, null, context);
  const onBadRecord = config.on_bad_record === 'skip' ? () => undefined : null;
  const sample = await sampleOf(found.texts, () =>
    format.createParser({ keyNames: context.key, onBadRecord }),
  );
  if (sample.length === 0 && config.fields === undefined) throw emptySource(config.path);
  const source = new OpenedJson(config, format, context, found, learnFields(sample, config.fields ?? null));
  warnOfRowNumberKey(context, source);
  return source;
}

class OpenedJson implements OpenedSource {
  readonly fields: readonly Field[];
  readonly keyFields: readonly Field[];
  readonly keyIsUnique: boolean;
  readonly resumable = false;
  readonly fingerprint: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  badRecords = 0;
  readonly #config: JsonConfig;
  readonly #format: JsonFormat;
  readonly #found: InputTexts;

  constructor(
    config: JsonConfig,
    format: JsonFormat,
    context: SourceContext,
    found: InputTexts,
    fields: readonly Field[],
  ) {
    this.#config = config;
    this.#format = format;
    this.#found = found;
    this.fields = withRowNumber(fields);
    this.keyFields = context.key.map((name) => keyField(this.#field(name, 'unknown_key_column')));
    // The record's number is unique by itself; of any other field only reading can tell.
    this.keyIsUnique = this.keyFields.includes(rowNumber);
    this.fingerprint = found.fingerprint;
    this.files = found.files;
  }

  async *read({ fields, limit = Infinity, signal }: ReadOptions): AsyncGenerator<RowBatch, void, undefined> {
    const shape = this.#shape(fields);
    this.badRecords = 0;
    let left = limit;
    let firstRecord = 1;
    if (left <= 0) return;
    for (const text of this.#found.texts) {
      const parser = await this.#parser();
      for await (const records of readRecords(text, parser, signal)) {
        const batch = new JsonBatch(shape, records.slice(0, left), text.name, firstRecord);
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

  #parser(): Promise<JsonParser> {
    const keyNames = this.keyFields.map((field) => field.name);
    const count = (): void => {
      this.badRecords += 1;
    };
    return this.#format.createParser({
      keyNames,
      onBadRecord: this.#config.on_bad_record === 'skip' ? count : null,
    });
  }

  #shape(names: readonly string[]): JsonBatchShape {
    return {
      fields: names.map((name) => this.#field(name, 'unknown_field')),
      keyFields: this.keyFields,
      format: this.#format,
    };
  }

  #field(name: string, code: 'unknown_field' | 'unknown_key_column'): Field {
    return namedField(this.fields, name, code, this.#found.texts[0]?.name);
  }
}

function emptySource(path: string): BatchlineError {
  return new BatchlineError(
    'empty_file',
    `${path === '-' ? 'standard input' : path} holds no record that could name the fields`,
    { where: path, hint: 'Where a file may be without records, list the names in `fields`.' },
  );
}
