import { BatchlineError, errorMessage } from '../core/errors.ts';
import { readMessage } from './duckdb-message.ts';

interface Kind {
  /** What DuckDB's message looks like. */
  readonly pattern: RegExp;
  readonly code: string;
  readonly hint: string;
  readonly retryable?: boolean;
  /** In place of DuckDB's own message. */
  readonly message?: string;
}

/** The first that matches counts; what may quote a value of the data comes first, since that may say anything. */
const kinds: readonly Kind[] = [
  {
    pattern: /CSV Error on Line: [^]*This type was auto-detected/,
    code: 'bad_data',
    hint: "The column's type was guessed from the first rows. Give it another, read_csv('FILE', types = {'COLUMN': 'VARCHAR'}), or read all of them as text, all_varchar = true, as the source csv does. To pass over such rows: ignore_errors = true.",
  },
  {
    pattern: /CSV Error on Line: [^]*Error when converting column/,
    code: 'bad_data',
    hint: "Give the column another type, read_csv('FILE', types = {'COLUMN': 'VARCHAR'}), or say which text is null, nullstr = 'N/A'. To pass over such rows: ignore_errors = true.",
  },
  {
    pattern: /CSV Error on Line: [^]*Invalid unicode/,
    code: 'bad_data',
    hint: "Say how the file is encoded: read_csv('FILE', encoding = 'latin-1') or 'utf-16'. The source csv reads every encoding.",
  },
  {
    pattern: /CSV Error on Line: [^]*Expected Number of Columns/,
    code: 'bad_data',
    hint: "Correct the record, or pass over such: read_csv('FILE', ignore_errors = true). To fill up short ones: null_padding = true.",
  },
  {
    pattern: /error when sniffing file/i,
    code: 'bad_data',
    hint: "Say how the file is written: read_csv('FILE', delim = ';', quote = '\"', header = true, encoding = 'utf-16' or 'latin-1'), and check `columns` where the query names them. To pass over lines at its top: skip = 1.",
  },
  {
    pattern: /^Invalid Input Error: JSON transform error/,
    code: 'bad_data',
    hint: "The types were guessed from the first records. Look at all, read_json('FILE', sample_size = -1), or name them: columns = {'id': 'BIGINT', 'body': 'VARCHAR'}. To pass over such records: ignore_errors = true.",
  },
  {
    pattern: /^Invalid Input Error: Malformed JSON in file/,
    code: 'bad_data',
    hint: "Correct the file, or pass over such records: read_json('FILE', ignore_errors = true).",
  },
  {
    pattern: /^(?:Conversion|Out of Range) Error/,
    code: 'bad_data',
    hint: 'Correct the data, give the column another type, or make such values null: TRY_CAST(COLUMN AS TYPE).',
  },
  {
    pattern: /no magic bytes found|too small to be a parquet file/i,
    code: 'bad_data',
    hint: 'It is no Parquet file, or was not written to its end: make or fetch it again.',
  },
  {
    pattern: /not a gzip stream|zstd decompression|(?:inflate|decompress)\w* (?:error|failed)/i,
    code: 'bad_data',
    hint: 'The compressed data is damaged, or not what the name says: make or fetch the file again.',
  },
  {
    pattern: /could not set lock|conflicting lock|used by another process/i,
    code: 'duckdb_locked',
    hint: 'Another process has the file open, and DuckDB lets only one write: end it, or wait until it has closed the file.',
    retryable: true,
  },
  {
    pattern:
      /not a valid duckdb database|cannot launch in-memory|serialization error|trying to read a database file/i,
    code: 'not_a_duckdb_file',
    message: 'the file is not a DuckDB database',
    hint: 'Name a DuckDB database in `path`. Parquet, CSV and JSON files are named in `query`.',
  },
  {
    pattern: /is a directory/i,
    code: 'not_a_duckdb_file',
    hint: 'It is a folder: name a DuckDB database in `path`.',
  },
  {
    pattern: /^missing extension|extension .*(?:not found|loaded)|in the \w+ extension|install \w+;/i,
    code: 'duckdb_extension_missing',
    hint: 'Extensions are not fetched from the network: copy the data to files of this machine, or use what DuckDB has built in.',
  },
  {
    pattern: /no files found|cannot open (?:file|database)|could not read from file|no such file/i,
    code: 'unreadable_file',
    hint: 'Check the path; relative ones start from the folder of the pipeline file.',
  },
  {
    pattern: /permission denied|read-only file system/i,
    code: 'unreadable_file',
    hint: 'Check the rights on it.',
  },
  {
    pattern: /^out of memory|failed to (?:allocate|pin)/i,
    code: 'duckdb_out_of_memory',
    // By default it holds several blocks of 32 MB of a CSV file.
    hint: 'For a source raise memory_limit, or let the query sort and group less; of CSV files let it hold less at a time: read_csv(..., buffer_size = 8000000).',
  },
  { pattern: /no space left/i, code: 'disk_full', hint: 'Make room on the disk.' },
  {
    pattern: /^parser error|multiple statements/i,
    code: 'bad_query',
    hint: 'Correct the SQL; DuckDB reads much of what Postgres does.',
  },
  {
    pattern: /^(?:binder|catalog) error.*table .*does not exist/is,
    code: 'unknown_table',
    hint: "Check the name; a file is named in single quotes: FROM 'archive/*.parquet'.",
  },
  { pattern: /^(?:binder|catalog) error/i, code: 'bad_query', hint: 'Correct the SQL.' },
  {
    pattern: /^invalid input error/i,
    code: 'bad_data',
    hint: 'Correct the data, or the query that reads them.',
  },
];

const other: Omit<Kind, 'pattern'> = {
  code: 'duckdb_failed',
  hint: 'Run the same SQL with the duckdb command line to look into it.',
};

/** What DuckDB threw, as one clear line. @param where the file, table or query that was worked on */
export function duckdbError(error: unknown, where: string): BatchlineError {
  if (error instanceof BatchlineError) return error;
  const text = errorMessage(error);
  const { statement, place, advice } = readMessage(text);
  const { code, hint, retryable, message } = kinds.find(({ pattern }) => pattern.test(text)) ?? other;
  return new BatchlineError(code, message ?? statement, {
    where: place ?? where,
    hint: advice ?? hint,
    cause: error,
    ...(retryable === true && { retryable }),
  });
}
