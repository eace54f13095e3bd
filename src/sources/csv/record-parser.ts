import type { CsvError, InfoRecord, Parser, parse as createParser } from 'csv-parse';
import { maxRecordBytes, type RecordFault } from '../file/record-fault.ts';
import { namedCount } from './header.ts';
import { parseFault, unnamedFault } from './parse-fault.ts';

export interface RecordFormat {
  readonly delimiter: string;
  /** Null where nothing is quoted. */
  readonly quote: string | null;
  readonly recordDelimiters: readonly string[];
  /** The line that the first record stands on or behind: 2 where the first one names the delimiter. */
  readonly firstLine: number;
}

/** Records of one file, in order; arrays have one entry a record. Fields are wire text. */
export interface Records {
  readonly fields: string[][];
  /** The line that each record begins on, from 1. */
  readonly lines: number[];
  /** How many records come before each in its file, without the header but with those passed over. */
  readonly ordinals: number[];
}

export interface RecordParserOptions {
  /** Whether the first record is left out. */
  readonly hasHeader: boolean;
  /** Told of records with too few or too many fields, which are passed over; null: they are faults like others. */
  readonly onBadRecord: ((fault: RecordFault) => void) | null;
}

const carriageReturn = 0x0d;

/**
 * Parses one file's bytes. csv-parse is told that they are latin1, so that a field's text is its bytes, one a
 * character, and never decoded; and its records are taken in its callback, since pushing each through its object
 * stream takes a quarter of the time.
 */
export class RecordParser {
  readonly #parser: Parser;
  readonly #onBadRecord: RecordParserOptions['onBadRecord'];
  #records: Records = { fields: [], lines: [], ordinals: [] };
  #isHeader: boolean;
  #count = 0;
  #lastLine: number;
  /** How many columns have a name; what stands behind them must be empty. */
  #named = Infinity;
  #emptyLines = 0;
  #surplusLines = 0;
  #hasCarriageReturns = false;
  #fault: RecordFault | null = null;

  private constructor(create: CreateParser, format: RecordFormat, options: RecordParserOptions) {
    this.#onBadRecord = options.onBadRecord;
    this.#isHeader = options.hasHeader;
    this.#lastLine = format.firstLine - 1;
    this.#parser = create({
      encoding: 'latin1',
      delimiter: Buffer.from(format.delimiter),
      quote: format.quote === null ? null : Buffer.from(format.quote),
      escape: format.quote === null ? null : Buffer.from(format.quote),
      record_delimiter: [...format.recordDelimiters],
      from_line: format.firstLine,
      max_record_size: maxRecordBytes,
      skip_empty_lines: true,
      skip_records_with_error: true,
      on_skip: (error: CsvError | undefined) => this.#skip(error),
      on_record: (record: string[], info: InfoRecord) => this.#take(record, info),
    });
    // The callbacks of write and end report errors; the event would otherwise end the process.
    this.#parser.on('error', () => undefined);
  }

  static async create(format: RecordFormat, options: RecordParserOptions): Promise<RecordParser> {
    const { parse } = await import('csv-parse');
    return new RecordParser(parse, format, options);
  }

  /** How many records of the file have been seen, without the header but with those passed over. */
  get seen(): number {
    return this.#count;
  }

  /** How many records are ready. */
  get ready(): number {
    return this.#records.fields.length;
  }

  /** Rejects with a RecordFault where the bytes are not the format's. */
  write(bytes: Buffer): Promise<void> {
    this.#hasCarriageReturns ||= bytes.includes(carriageReturn);
    return this.#settle((done) => this.#parser.write(bytes, done));
  }

  end(): Promise<void> {
    return this.#settle((done) => this.#parser.end(done));
  }

  /** Hands over the records that are ready. */
  take(): Records {
    const records = this.#records;
    this.#records = { fields: [], lines: [], ordinals: [] };
    return records;
  }

  destroy(): void {
    this.#parser.destroy();
  }

  #settle(call: (done: (error?: Error | null) => void) => unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      call((error) => {
        if (this.#fault !== null) reject(this.#fault);
        else if (error instanceof Error) reject(error);
        else resolve();
      });
    });
  }

  #take(record: string[], info: InfoRecord): null {
    const line = this.#advance(record, info.lines, info.empty_lines);
    if (this.#isHeader) {
      this.#isHeader = false;
      this.#named = namedCount(record);
      return null;
    }
    if (record.length > this.#named) {
      const surplus = record.findIndex((field, index) => index >= this.#named && field !== '');
      if (surplus !== -1) return this.#refuse(unnamedFault(surplus, line));
    }
    this.#records.fields.push(record);
    this.#records.lines.push(line);
    this.#records.ordinals.push(this.#count);
    this.#count += 1;
    return null;
  }

  /** A record that can be passed over is; any other is the end of reading. */
  #refuse(fault: RecordFault): null {
    this.#count += 1;
    if (fault.isRecoverable && this.#onBadRecord !== null) {
      this.#onBadRecord(fault);
      return null;
    }
    this.#fault ??= fault;
    throw fault;
  }

  /** Only a record of the wrong length can be passed over: after a quote error nobody knows where the next begins. */
  #skip(error: CsvError | undefined): undefined {
    if (error === undefined) return undefined;
    const record = error['record'] as string[] | undefined;
    const line = this.#advance(record ?? [], Number(error['lines']), Number(error['empty_lines']));
    this.#refuse(parseFault(error, line));
    return undefined;
  }

  /** @returns the line on which the record began that ends on line `lines` of csv-parse's count */
  #advance(record: readonly string[], lines: number, emptyLines: number): number {
    const begin = this.#lastLine + 1 + emptyLines - this.#emptyLines;
    this.#emptyLines = emptyLines;
    let end = lines - this.#surplusLines;
    if (end > begin && this.#hasCarriageReturns) {
      // csv-parse counts a CR LF inside a quoted field as two lines.
      const surplus = record.reduce((sum, field) => sum + field.split('\r\n').length - 1, 0);
      this.#surplusLines += surplus;
      end -= surplus;
    }
    this.#lastLine = end;
    return begin;
  }
}

type CreateParser = typeof createParser;
