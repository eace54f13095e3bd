import type { BatchLimits } from '../../core/batch-side.ts';

/** What is known of a server by its address, as far as it differs from OpenAI. */
export interface KnownServer {
  readonly name: string;
  /** Ends of host names. */
  readonly hosts: readonly string[];
  /** Lower limits of a batch than OpenAI's. */
  readonly limits?: Partial<BatchLimits>;
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

const files100MB = { maxBytes: 95_000_000 } as const;

/** Servers of which more is known than that they speak OpenAI's Batch API, or that they do not. */
export const knownServers: readonly KnownServer[] = [
  { name: 'azure', hosts: ['azure.com', 'azure.us', 'azure.cn', 'azure-api.net'], mayEndLate: true },
  { name: 'groq', hosts: ['api.groq.com'], limits: files100MB },
  { name: 'parasail', hosts: ['api.parasail.io'], limits: files100MB },
  {
    name: 'zhipu',
    hosts: ['open.bigmodel.cn', 'api.z.ai'],
    limits: { ...files100MB, maxEmbeddingInputs: 10_000 },
  },
  { name: 'deepinfra', hosts: ['api.deepinfra.com'] },
  { name: 'nebius', hosts: ['api.tokenfactory.nebius.com', 'api.studio.nebius.com'] },
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

/** Why a server takes no batches of this API, and what can be done; undefined where it may take them. */
export function withoutBatches(host: string): string | undefined {
  const server = serverAt(host);
  if (server?.withoutBatches === undefined) return undefined;
  const { name, withoutBatches: other } = server;
  return 'type' in other
    ? `${name} does not speak OpenAI's Batch API; set provider.type: ${other.type}, and leave base_url out`
    : `${name} has a batch API of its own, not OpenAI's; set mode: standard, with base_url: ${other.standard}, or send batches through a gateway that translates, such as LiteLLM (docs/providers/litellm.md)`;
}
