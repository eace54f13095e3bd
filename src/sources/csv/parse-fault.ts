import type { CsvError } from 'csv-parse';
import { RecordFault } from '../file/record-fault.ts';

const quoteHint =
  'Quote the whole field and double the quotes inside it, or set `quote` to the character that the file uses (false for none).';

/** @param line on which the record begins */
export function parseFault(error: CsvError, line: number): RecordFault {
  if (error.code === 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH') {
    return new RecordFault(lengthMessage(error), line, { hint: lengthHint(error), isRecoverable: true });
  }
  const message = quoteFaults[error.code] ?? error.message;
  return new RecordFault(message, line, { hint: quoteHint, isRecoverable: false });
}

/** A record that has something in a column without a name. @param column its index */
export function unnamedFault(column: number, line: number): RecordFault {
  return new RecordFault(
    `the record has a value in column ${column + 1}, which has no name in the header`,
    line,
    {
      hint: 'Give the column a name in the file, or set `on_bad_record: skip` to pass over such records.',
      isRecoverable: true,
    },
  );
}

const quoteFaults: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote that opens in this record is never closed',
  CSV_MAX_RECORD_SIZE: 'the record is above 64 MB; most likely a quote in it is never closed',
  CSV_INVALID_CLOSING_QUOTE: 'text follows the closing quote of a field',
  INVALID_OPENING_QUOTE: 'a quote stands inside a field that does not begin with one',
};

const skipHint = 'Correct the record, or set `on_bad_record: skip` to pass over such records.';

function lengthHint(error: CsvError): string {
  const surplus = (error['record'] as readonly string[]).slice(Number(expectedLength(error)));
  const isEmpty = surplus.length > 0 && surplus.every((field) => field === '');
  return isEmpty
    ? `Where every line ends in a delimiter, let the first one do so too. ${skipHint}`
    : skipHint;
}

function expectedLength(error: CsvError): string | undefined {
  return /expect (\d+)/.exec(error.message)?.[1];
}

function lengthMessage(error: CsvError): string {
  const record = error['record'] as readonly string[];
  const expected = expectedLength(error) ?? 'another number of';
  return `the record has ${record.length} ${record.length === 1 ? 'field' : 'fields'}, the first one has ${expected}`;
}
