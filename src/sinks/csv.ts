import { z } from 'zod';
import { defineSink } from '../core/sink.ts';

export const csv = defineSink({
  name: 'csv',
  summary: 'Writes answers into a CSV file with a header line.',
  config: z.object({
    path: z.string().min(1).meta({ description: 'The file, which is replaced when the run has finished.' }),
  }),
  examples: [{ path: 'tags.csv' }],
  async open(config, context) {
    const [{ openFileSink }, { csvFormat }] = await Promise.all([
      import('./file/file-sink.ts'),
      import('./file/csv-format.ts'),
    ]);
    return openFileSink(config.path, context, csvFormat(context));
  },
});
