import { z } from 'zod';
import { BatchlineError } from '../core/errors.ts';
import { defineSource } from '../core/source.ts';
import { openHead } from './csv/file-head.ts';
import { columnNames } from './csv/header.ts';
import { OpenedCsv } from './csv/opened-csv.ts';
import { findTexts } from './file/input-text.ts';
import { refuseWhere } from './file/refuse-where.ts';
import { warnOfRowNumberKey } from './file/row-number.ts';

const config = z.object({
  path: z.string().min(1).meta({
    description: 'A file, a glob, or - for standard input. .gz and .zst files are decompressed.',
  }),
  delimiter: z
    .string()
    .min(1)
    .default(',')
    .transform((text) => (text === String.raw`\t` ? '\t' : text))
    .meta({
      description:
        'What stands between fields; \\t is a tab; auto guesses from the first lines. A first line such as sep=; overrides it.',
    }),
  header: z
    .union([z.boolean(), z.array(z.string().min(1)).min(1)])
    .default(true)
    .meta({
      description:
        'true: the first record names the columns. false: they are column_1, column_2, ... Or a list of names.',
    }),
  quote: z
    .union([z.literal(false), z.string().length(1)])
    .default('"')
    .meta({ description: 'The quote character, doubled inside a field; false where nothing is quoted.' }),
  encoding: z
    .string()
    .refine(isEncoding, 'is no known encoding; try utf8, utf16le, latin1 or windows-1252')
    .default('utf8')
    .meta({
      description: 'Any that the WHATWG Encoding Standard names. A byte order mark overrides it.',
    }),
  on_bad_record: z.enum(['error', 'skip']).default('error').meta({
    description: 'What to do with a record that has too few or too many fields.',
  }),
});

export const csv = defineSource({
  name: 'csv',
  readsFiles: true,
  summary: 'Reads rows from CSV files or standard input.',
  config,
  examples: [
    { path: 'people.csv' },
    { path: 'exports/*.csv.gz', delimiter: ';', encoding: 'windows-1252' },
    { path: '-', header: ['id', 'text'], on_bad_record: 'skip' },
  ],

  async open(config, context) {
    refuseWhere(context);
    const encoding = config.encoding === 'utf16le' ? 'utf-16le' : config.encoding;
    const { texts, fingerprint, files } = await findTexts(config.path, encoding, context);
    const inputs = [];
    for (const text of texts) {
      const delimiter = config.delimiter === 'auto' ? null : config.delimiter;
      const quote = config.quote === false ? null : config.quote;
      inputs.push(await openHead(text, { delimiter, quote, header: config.header, key: context.key }));
    }
    const columns = columnNames(inputs, config.header);
    if (columns === null) throw emptySource(config.path);
    if (config.header === true) checkDelimiter(columns, context.key);
    const source = new OpenedCsv({
      inputs,
      columns,
      hasHeader: config.header === true,
      skipsBadRecords: config.on_bad_record === 'skip',
      fingerprint,
      files,
      context,
    });
    warnOfRowNumberKey(context, source);
    return source;
  },
});

/** One column whose name holds what other files are delimited by: surely this one is, too. */
function checkDelimiter([name = '', ...others]: readonly string[], key: readonly string[]): void {
  const [delimiter] = /[;\t|,]/.exec(name) ?? [];
  if (delimiter === undefined || others.length > 0 || key.includes(name) || key.includes('_row')) return;
  const written = delimiter === '\t' ? String.raw`\t` : delimiter;
  throw new BatchlineError('wrong_delimiter', `the header is one column, "${name}"`, {
    where: 'source.delimiter',
    hint: `Write delimiter: "${written}", by which this file seems to be separated.`,
  });
}

function emptySource(path: string): BatchlineError {
  return new BatchlineError(
    'empty_file',
    `${path === '-' ? 'standard input' : path} is empty: it has no header to name the columns`,
    {
      where: path,
      hint: 'A file without records needs at least its header line, or the names in `header`.',
    },
  );
}

function isEncoding(label: string): boolean {
  try {
    return new TextDecoder(label === 'utf16le' ? 'utf-16le' : label).encoding !== '';
  } catch {
    return false;
  }
}
