import { z } from 'zod';
import { BatchlineError } from '../core/errors.ts';
import { defineSource, type SourceContext } from '../core/source.ts';
import { type OpenedInput, openHead } from './csv/file-head.ts';
import { findFiles, type FoundFile } from './csv/find-files.ts';
import { columnNames } from './csv/header.ts';
import { fileInput, standardInput } from './csv/input.ts';
import { OpenedCsv } from './csv/opened-csv.ts';
import type { TextFault } from './csv/text-chunks.ts';

const config = z.object({
  path: z.string().min(1).meta({
    description: 'A file, a glob, or - for standard input. .gz and .zst files are decompressed.',
  }),
  delimiter: z
    .string()
    .min(1)
    .default(',')
    .transform((text) => (text === String.raw`\t` ? '\t' : text))
    .meta({ description: 'What stands between fields; \\t is a tab; auto guesses from the first lines.' }),
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

type CsvConfig = z.output<typeof config>;

export const csv = defineSource({
  name: 'csv',
  summary: 'Reads rows from CSV files or standard input.',
  config,
  examples: [
    { path: 'people.csv' },
    { path: 'exports/*.csv.gz', delimiter: ';', encoding: 'windows-1252' },
    { path: '-', header: ['id', 'text'], on_bad_record: 'skip' },
  ],

  async open(config, context) {
    if (context.where !== undefined) {
      throw new BatchlineError(
        'where_not_supported',
        '--where needs a database source; a CSV file cannot be queried',
        {
          hint: 'Use a filter transform.',
        },
      );
    }
    const files = config.path === '-' ? [] : await findFiles(config.path, context.baseDir);
    const inputs =
      config.path === '-' ? [await openInput(null, config, context)] : await openAll(files, config, context);
    const columns = columnNames(inputs, config.header);
    if (columns === null) throw emptySource(config.path);
    warnOfRowKey(columns, context);
    return new OpenedCsv({
      inputs,
      columns,
      key: context.key,
      hasHeader: config.header === true,
      skipsBadRecords: config.on_bad_record === 'skip',
      fingerprint: Object.fromEntries(files.map((file) => [file.name, `${file.bytes} ${file.modifiedAt}`])),
    });
  },
});

async function openAll(files: readonly FoundFile[], config: CsvConfig, context: SourceContext) {
  const inputs: OpenedInput[] = [];
  for (const file of files) inputs.push(await openInput(file, config, context));
  return inputs;
}

/** @param file null for standard input */
function openInput(file: FoundFile | null, config: CsvConfig, context: SourceContext): Promise<OpenedInput> {
  const input = file === null ? standardInput(process.stdin) : fileInput(file.path, file.name);
  return openHead(input, file !== null, {
    encoding: config.encoding === 'utf16le' ? 'utf-16le' : config.encoding,
    delimiter: config.delimiter === 'auto' ? null : config.delimiter,
    quote: config.quote === false ? null : config.quote,
    onFault: warnOnce(context),
    signal: context.signal,
  });
}

const faultTexts: Readonly<Record<TextFault, string>> = {
  'invalid-utf8':
    'holds bytes that are not UTF-8; they are read as U+FFFD. Set `encoding` if the file has another one',
  nul: 'holds NUL bytes; they are read as U+FFFD. If it is UTF-16, set `encoding: utf16le`',
};

function warnOnce(context: SourceContext): (name: string, fault: TextFault) => void {
  const told = new Set<string>();
  return (name, fault) => {
    const text = `${name} ${faultTexts[fault]}.`;
    if (told.has(text)) return;
    told.add(text);
    context.warn(text);
  };
}

function warnOfRowKey(columns: readonly string[], context: SourceContext): void {
  if (columns.includes('_row') || !context.key.includes('_row')) return;
  context.warn('The key _row is the number of a record: it holds only while the file is not edited.');
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
