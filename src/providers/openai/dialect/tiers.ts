import type { Tiers } from '../../../core/dialect.ts';

/** https://platform.openai.com/docs/guides/flex-processing and .../priority-processing: for models that speak. */
export const tiers: Tiers = {
  parameter: 'service_tier',
  of: (endpoint) => (endpoint === 'embeddings' ? [] : ['default', 'flex', 'priority']),
};
