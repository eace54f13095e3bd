import type { BatchLimits } from '../../core/batch-side.ts';
import { type Tariff, usualTiers } from '../../core/tariff.ts';

/** What is known of a server by its address, as far as it differs from OpenAI. */
export interface KnownServer {
  readonly name: string;
  /** Ends of host names. */
  readonly hosts: readonly string[];
  /** Lower limits of a batch than OpenAI's. */
  readonly limits?: Partial<BatchLimits>;
  /** What a batch costs of single requests; absent where that is not known. */
  readonly batchPrice?: number;
  /** What tiers cost of the usual price, where it has others than the usual one. */
  readonly tierPrices?: Tariff['tiers'];
  /** Whether its batches go on past their `expires_at`. */
  readonly mayEndLate?: true;
  /** Where it answers single requests, of one whose batches speak another API; null where it is another `type`. */
  readonly withoutBatches?: { readonly standard: string } | { readonly type: string };
}

/** The most that a batch may hold: https://platform.openai.com/docs/guides/batch. A "200 MB" may be either kind of MB. */
export const openAiLimits: BatchLimits = {
  maxRequests: 50_000,
  maxBytes: 190_000_000,
  maxEmbeddingInputs: 50_000,
  maxEnqueuedInputs: 1_000_000,
  maxBatchesAnHour: 2_000,
};

/**
 * https://platform.openai.com/docs/guides/flex-processing and .../background; what priority costs is not in a list that
 * could be read here.
 */
export const openAiTariff: Tariff = {
  biller: 'openai',
  batch: 0.5,
  tiers: { ...usualTiers, flex: 0.5, '2h': 0.7, '8h': 0.6 },
};

const files100MB = { maxBytes: 95_000_000 } as const;

/** Servers of which more is known than that they speak OpenAI's Batch API, or that they do not. */
export const knownServers: readonly KnownServer[] = [
  {
    name: 'azure',
    hosts: ['azure.com', 'azure.us', 'azure.cn', 'azure-api.net'],
    batchPrice: 0.5,
    mayEndLate: true,
  },
  { name: 'groq', hosts: ['api.groq.com'], limits: files100MB, batchPrice: 0.5, tierPrices: { flex: 1 } },
  { name: 'parasail', hosts: ['api.parasail.io'], limits: files100MB },
  {
    name: 'zhipu',
    hosts: ['open.bigmodel.cn', 'api.z.ai'],
    limits: { ...files100MB, maxEmbeddingInputs: 10_000 },
  },
  { name: 'deepinfra', hosts: ['api.deepinfra.com'], batchPrice: 0.8 },
  { name: 'nebius', hosts: ['api.tokenfactory.nebius.com', 'api.studio.nebius.com'], batchPrice: 0.5 },
  { name: 'doubleword', hosts: ['api.doubleword.ai'] },
  { name: 'Mistral', hosts: ['api.mistral.ai'], withoutBatches: { standard: 'https://api.mistral.ai/v1' } },
  {
    name: 'Fireworks',
    hosts: ['api.fireworks.ai'],
    withoutBatches: { standard: 'https://api.fireworks.ai/inference/v1' },
  },
  {
    name: 'OpenRouter',
    hosts: ['openrouter.ai'],
    withoutBatches: { standard: 'https://openrouter.ai/api/v1' },
  },
  {
    name: 'Together',
    hosts: ['api.together.ai', 'api.together.xyz'],
    withoutBatches: { standard: 'https://api.together.xyz/v1' },
  },
  { name: 'Anthropic', hosts: ['api.anthropic.com'], withoutBatches: { type: 'anthropic' } },
  { name: 'Gemini', hosts: ['generativelanguage.googleapis.com'], withoutBatches: { type: 'gemini' } },
];

/** @param host with or without a port */
export function serverAt(host: string): KnownServer | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return knownServers.find(({ hosts }) => hosts.some((end) => name === end || name.endsWith(`.${end}`)));
}

/** The most that a batch may hold at a server. */
export function limitsOf(server: KnownServer | undefined): BatchLimits {
  return { ...openAiLimits, ...server?.limits };
}

/** What requests cost at a server of which more is known. */
export function tariffAt(host: string): Tariff | undefined {
  const server = serverAt(host);
  if (server === undefined) return undefined;
  const { name, batchPrice: batch = null, tierPrices } = server;
  return { biller: name, batch, tiers: { ...usualTiers, ...tierPrices } };
}

/** Why a server takes no batches of this API, and what can be done; undefined where it may take them. */
export function withoutBatches(host: string): string | undefined {
  const server = serverAt(host);
  if (server?.withoutBatches === undefined) return undefined;
  const { name, withoutBatches: other } = server;
  return 'type' in other
    ? `${name} does not speak OpenAI's Batch API; set provider.type: ${other.type}, and leave base_url out`
    : `${name} has a batch API of its own, not OpenAI's; set mode: standard, with base_url: ${other.standard}, or send batches through a gateway that translates, such as LiteLLM (docs/providers/litellm.md)`;
}
