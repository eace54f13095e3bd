import type { Value } from '../../core/value.ts';
import type { RecordFault } from '../file/record-fault.ts';

export type JsonObject = Readonly<Record<string, Value>>;

/** An object of a file. */
export interface JsonRecord {
  readonly object: JsonObject;
  /** The line that it begins on, from 1. */
  readonly line: number;
  /** How many records come before it in its file, with those passed over. */
  readonly ordinal: number;
  /** Its size, where it is too large: of `object` only the key's members are then there, and null for others. */
  readonly tooLarge: number | null;
  /** The digits of a number as they stand in the file: `1.0`, which as a value is 1. */
  numberText(name: string): string;
}

export interface JsonParserOptions {
  readonly keyNames: readonly string[];
  /** Told of records that are passed over; null: they are faults like others. */
  readonly onBadRecord: ((fault: RecordFault) => void) | null;
}

/** Parses one file, given as UTF-8 bytes in chunks that cut no character. */
export interface JsonParser {
  /** How many records have been seen, with those passed over. */
  readonly seen: number;
  /** How many records are ready. */
  readonly ready: number;
  /** @throws RecordFault */
  write(bytes: Buffer): void;
  /** @throws RecordFault */
  end(): void;
  /** Hands over the records that are ready. */
  take(): readonly JsonRecord[];
}

export interface JsonFormat {
  createParser(options: JsonParserOptions): Promise<JsonParser>;
  /** Where a record stands, for messages. */
  place(file: string, record: JsonRecord): string;
}

/** The member of that name, or undefined: never what an object inherits, such as `constructor`. */
export function memberOf(object: JsonObject, name: string): Value | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
