import type { Pipeline } from '../../src/config/pipeline.ts';
import { checkFile } from '../config/check-file.ts';

export interface Asked {
  readonly model: string;
  readonly endpoint?: string;
  readonly provider?: Readonly<Record<string, unknown>>;
  readonly prices?: Readonly<Record<string, unknown>>;
}

/** A pipeline that asks a model of a provider. */
export function checkedPipeline({ model, endpoint = 'chat', provider, prices }: Asked): Pipeline {
  const asked = endpoint === 'embeddings' ? { input: '{{ x }}' } : { prompt: '{{ x }}' };
  const file = {
    source: { type: 'csv', path: 'rows.csv', key: 'id' },
    request: { endpoint, model, ...asked },
    provider: { type: 'openai', ...provider },
    sink: { type: 'csv', path: 'out.csv' },
    prices: prices ?? {},
  };
  const { pipeline, lines } = checkFile(JSON.stringify(file));
  if (pipeline === undefined) throw new Error(lines.join('\n'));
  return pipeline;
}
