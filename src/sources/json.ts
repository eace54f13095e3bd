import { z } from 'zod';
import { defineSource } from '../core/source.ts';
import { jsonConfig } from './json/config.ts';
import type { JsonFormat } from './json/json-record.ts';
import { openJson } from './json/opened-json.ts';

const config = z.object({
  ...jsonConfig,
  pick: z.string().min(1).optional().meta({
    description:
      'Where the list of records stands, as names joined by dots: data.items. Default: it is the whole text.',
  }),
});

export const json = defineSource({
  name: 'json',
  readsFiles: true,
  summary: 'Reads rows from lists of objects in JSON files of any size, or on standard input.',
  config,
  examples: [
    { path: 'people.json' },
    { path: 'exports/*.json.gz', pick: 'data.items' },
    { path: '-', pick: 'results', fields: ['id', 'text'], on_bad_record: 'skip' },
  ],
  open: (config, context) => openJson(config, formatOf(config.pick ?? null), context),
});

function formatOf(pick: string | null): JsonFormat {
  return {
    async createParser(options) {
      const { JsonListParser } = await import('./json/json-list-parser.ts');
      return new JsonListParser(pick, options);
    },
    // A list may well stand on one line.
    place: (file, { line, ordinal }) => `${file}:${line} (record ${ordinal + 1})`,
  };
}
