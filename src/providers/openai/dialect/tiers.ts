import type { Tiers } from '../../../core/dialect.ts';
import { windowNames } from '../../../core/tier-names.ts';

const usual = ['default', 'flex', 'priority'];
const served = {
  chat: usual,
  responses: [...usual, ...windowNames],
  embeddings: [],
} as const;

/**
 * https://platform.openai.com/docs/guides/flex-processing and .../priority-processing: for models that speak. Windows
 * (.../background): their requests are of the default tier, and answers that are not stored are gone within minutes.
 */
export const tiers: Tiers = {
  parameter: 'service_tier',
  of: (endpoint) => served[endpoint],
  window: (tier) => ({
    service_tier: 'default',
    background: true,
    background_options: { completion_window: tier },
    store: true,
  }),
};
