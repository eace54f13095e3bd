import { z } from 'zod';
import { defineSink } from '../core/sink.ts';

export const jsonl = defineSink({
  name: 'jsonl',
  summary: 'Writes answers into a file of JSON lines.',
  config: z.object({
    path: z.string().min(1).meta({ description: 'The file, which is replaced when the run has finished.' }),
  }),
  examples: [{ path: 'tags.jsonl' }],
  async open(config, context) {
    const [{ openFileSink }, { jsonlFormat }] = await Promise.all([
      import('./file/file-sink.ts'),
      import('./file/jsonl-format.ts'),
    ]);
    return openFileSink(config.path, context, jsonlFormat(context));
  },
});
