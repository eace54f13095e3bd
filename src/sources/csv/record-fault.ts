import type { CsvError } from 'csv-parse';
import { BatchlineError } from '../../core/errors.ts';

/** What is wrong with a record, before the file's name is known. */
export class RecordFault extends Error {
  override readonly name = 'RecordFault';
  /** The line on which the record begins. */
  readonly line: number;
  readonly hint: string;
  /** Whether the record after it can be found. */
  readonly isRecoverable: boolean;

  constructor(message: string, line: number, hint: string, isRecoverable: boolean) {
    super(message);
    this.line = line;
    this.hint = hint;
    this.isRecoverable = isRecoverable;
  }

  in(file: string): BatchlineError {
    return new BatchlineError('bad_record', this.message, { where: `${file}:${this.line}`, hint: this.hint });
  }
}

const quoteHint =
  'Quote the whole field and double the quotes inside it, or set `quote` to the character that the file uses (false for none).';

/** @param line on which the record begins */
export function parseFault(error: CsvError, line: number): RecordFault {
  if (error.code === 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH') {
    return new RecordFault(lengthMessage(error), line, lengthHint, true);
  }
  return new RecordFault(quoteFaults[error.code] ?? error.message, line, quoteHint, false);
}

const quoteFaults: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote that opens in this record is never closed',
  CSV_MAX_RECORD_SIZE: 'the record is above 64 MB; most likely a quote in it is never closed',
  CSV_INVALID_CLOSING_QUOTE: 'text follows the closing quote of a field',
  INVALID_OPENING_QUOTE: 'a quote stands inside a field that does not begin with one',
};

const lengthHint = 'Correct the record, or set `on_bad_record: skip` to pass over such records.';

function lengthMessage(error: CsvError): string {
  const record = error['record'] as readonly string[];
  const expected = /expect (\d+)/.exec(error.message)?.[1] ?? 'another number of';
  return `the record has ${record.length} ${record.length === 1 ? 'field' : 'fields'}, the first one has ${expected}`;
}
