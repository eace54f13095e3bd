import { parseArgs } from 'node:util';

export interface Options {
  readonly rows: number;
  /** Rows of the embeddings benchmark, whose rows are fourteen times as large; at most `rows`. */
  readonly embeddings: number;
  readonly repeats: number;
  /** Names of benchmarks; all of them where empty. */
  readonly only: ReadonlySet<string>;
  /** Where the table of results is written; undefined where it is only printed. */
  readonly results: string | undefined;
  readonly keep: boolean;
}

export const usage = `node bench/run.ts [--rows 200000] [--embeddings ROWS/20] [--repeats 3] [--only NAME,NAME] [--results FILE] [--keep]

  --rows        rows of the source table
  --embeddings  rows of the embeddings benchmark
  --repeats     how often each pair is measured; the median counts
  --only        the benchmarks to run
  --results     also write the table to this file (bench/results.md holds the last published figures)
  --keep        leave the work folder, for a look at it`;

/** @throws TypeError where a flag is unknown */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string', default: '200000' },
      embeddings: { type: 'string' },
      repeats: { type: 'string', default: '3' },
      only: { type: 'string', default: '' },
      results: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  });
  const rows = positive('rows', values.rows);
  const embeddings = values.embeddings ?? String(Math.ceil(rows / 20));
  return {
    rows,
    embeddings: Math.min(positive('embeddings', embeddings), rows),
    repeats: positive('repeats', values.repeats),
    only: new Set(values.only.split(',').filter((name) => name !== '')),
    results: values.results,
    keep: values.keep,
  };
}

function positive(name: string, text: string): number {
  const number = Number(text.replaceAll('_', ''));
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new TypeError(`--${name} must be a whole number above 0`);
}
