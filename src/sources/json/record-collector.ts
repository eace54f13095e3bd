import { printValue } from '../../core/print.ts';
import type { Value } from '../../core/value.ts';
import { RecordFault } from '../file/record-fault.ts';
import { type JsonObject, type JsonParserOptions, type JsonRecord, memberOf } from './json-record.ts';

const hint = 'Correct the record, or set `on_bad_record: skip` to pass over such records.';

/** Numbers the records of a file and tells good ones from bad ones. */
export class RecordCollector {
  readonly #options: JsonParserOptions;
  #records: JsonRecord[] = [];
  #seen = 0;

  constructor(options: JsonParserOptions) {
    this.#options = options;
  }

  get seen(): number {
    return this.#seen;
  }

  get ready(): number {
    return this.#records.length;
  }

  /** @throws RecordFault where it is no record, and such are not passed over */
  add(
    value: Value,
    line: number,
    numberText: (name: string) => string,
    tooLarge: number | null = null,
  ): void {
    const problem = this.#problemOf(value);
    if (problem !== null) return this.addBad(problem, line);
    this.adopt({ object: value as JsonObject, line, ordinal: 0, numberText, tooLarge });
  }

  /** Takes a record that another collector has found good. */
  adopt(record: JsonRecord): void {
    this.#records.push({ ...record, ordinal: this.#seen });
    this.#seen += 1;
  }

  /** @throws RecordFault where bad records are not passed over */
  addBad(message: string, line: number, advice = hint): void {
    const fault = new RecordFault(message, line, { hint: advice, isRecoverable: true });
    if (this.#options.onBadRecord === null) throw fault;
    this.#seen += 1;
    this.#options.onBadRecord(fault);
  }

  take(): readonly JsonRecord[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }

  #problemOf(value: Value): string | null {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || JSON.isRawJSON(value))
      return `the record is no object but ${describe(value)}`;
    for (const name of this.#options.keyNames) {
      const key = memberOf(value as JsonObject, name);
      if (typeof key !== 'object' || key === null || JSON.isRawJSON(key)) continue;
      return `the key "${name}" is ${describe(key)}`;
    }
    return null;
  }
}

function describe(value: Value): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null && !JSON.isRawJSON(value)) return 'an object';
  return typeof value === 'string' ? 'text' : printValue(value) || 'null';
}
