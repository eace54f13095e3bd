import { BatchlineError, errorMessage } from '../core/errors.ts';

interface Kind {
  /** What DuckDB's message looks like. */
  readonly pattern: RegExp;
  readonly code: string;
  readonly hint: string;
  readonly retryable?: boolean;
  /** In place of DuckDB's own message. */
  readonly message?: string;
}

/** The first that matches counts. */
const kinds: readonly Kind[] = [
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
    pattern: /^(?:conversion|invalid input|out of range) error/i,
    code: 'bad_data',
    hint: 'Correct the data, or read them with other options: read_csv(..., ignore_errors = true), TRY_CAST.',
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
  const { code, hint, retryable, message } = kinds.find(({ pattern }) => pattern.test(text)) ?? other;
  return new BatchlineError(code, message ?? headline(text), {
    where,
    hint: advice(text) ?? hint,
    cause: error,
    ...(retryable === true && { retryable }),
  });
}

/** The class of an error, as DuckDB names it: `Constraint`, `Conversion`. */
export function errorClass(error: unknown): string | undefined {
  return /^([A-Z]\w*(?: \w+)?) Error:/.exec(errorMessage(error))?.[1];
}

/** DuckDB's first line, without the class of the error. */
export function headline(text: string): string {
  const [first = text] = text.split('\n');
  return first.replace(/^[A-Z]\w*(?: \w+)? Error: /, '').trim();
}

/** What DuckDB itself proposes. */
function advice(text: string): string | undefined {
  const line = /^(?:Did you mean|Candidate bindings:).*$/m.exec(text)?.[0];
  return line?.replace('Candidate bindings:', 'There are:');
}
