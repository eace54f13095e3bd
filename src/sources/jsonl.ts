import { z } from 'zod';
import { defineSource } from '../core/source.ts';
import { jsonConfig } from './json/config.ts';
import type { JsonFormat } from './json/json-record.ts';
import { openJson } from './json/opened-json.ts';

const format: JsonFormat = {
  async createParser(options) {
    const { JsonLinesParser } = await import('./json/json-lines-parser.ts');
    return new JsonLinesParser(options);
  },
  place: (file, { line }) => `${file}:${line}`,
};

export const jsonl = defineSource({
  name: 'jsonl',
  readsFiles: true,
  summary: 'Reads rows from JSON Lines, an object a line, in files or on standard input.',
  config: z.object(jsonConfig),
  examples: [
    { path: 'tickets.jsonl' },
    { path: 'exports/*.jsonl.zst', on_bad_record: 'skip' },
    { path: '-', fields: ['id', 'text'] },
  ],
  open: (config, context) => openJson(config, format, context),
});
