import type { Endpoint, KnownParameters } from '../../../core/dialect.ts';
import { portableNames } from './params.ts';

/** As the official SDK types them (1.14), and those that only older models take. */
const ownNames =
  words(`cache_control container diagnostics inference_geo max_tokens messages metadata model output_config
  service_tier speed stop_sequences stream system thinking tool_choice tools user_profile_id workspace_id temperature top_k
  top_p`);

/** What other APIs call it. */
const meant = {
  response_format: 'output_config',
  reasoning_effort: 'output_config',
  reasoning: 'thinking',
  user: 'metadata',
};

/** Anthropic refuses what it does not know; gateways may take more. */
export function knownParameters(_endpoint: Endpoint, baseUrl: unknown): KnownParameters {
  const isOwn = baseUrl === undefined || baseUrl === 'emulator' || hostOf(baseUrl) === 'api.anthropic.com';
  return { names: [...ownNames, ...portableNames], meant, isEvery: isOwn };
}

function hostOf(url: unknown): string | undefined {
  return typeof url === 'string' ? URL.parse(url)?.hostname : undefined;
}

function words(text: string): readonly string[] {
  return text.split(/\s+/);
}
