import { asMap, type JsonMap } from '../../../core/json.ts';
import type { RequestBlock } from '../../../core/request-block.ts';

/** What is sent where the file sets no limit; the API insists on one. */
const usualMaxTokens = 4096;

/** OpenAI's names for the limit, besides the API's own. */
const limitNames = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'] as const;

/** Names that are translated, and into what. */
export const ownNames: Readonly<Record<string, string>> = {
  ...Object.fromEntries(limitNames.map((name) => [name, 'max_tokens'])),
  stop: 'stop_sequences',
};

export const portableNames: readonly string[] = Object.keys(ownNames);

/** What the request block itself writes, and what a batch cannot do. */
export const reservedNames = ['model', 'messages', 'system', 'stream'] as const;

export interface MessageParams {
  readonly maxTokens: unknown;
  /** Everything else of the body but for model, system and messages. */
  readonly rest: JsonMap;
}

/** `params` in the API's words, and the schema of the output. */
export function messageParams({ params, output }: Pick<RequestBlock, 'params' | 'output'>): MessageParams {
  const limit = limitNames.map((name) => params[name]).find((value) => value !== undefined && value !== null);
  const kept = Object.entries(params).filter(([name]) => !portableNames.includes(name));
  return {
    maxTokens: limit ?? usualMaxTokens,
    rest: { ...Object.fromEntries(kept), ...stopSequences(params), ...outputConfig(params, output) },
  };
}

function stopSequences({ stop, stop_sequences: own }: JsonMap): JsonMap {
  if (stop === undefined || stop === null || own !== undefined) return {};
  return { stop_sequences: Array.isArray(stop) ? stop : [stop] };
}

/** Members of `params.output_config` stay, its format too. */
function outputConfig(params: JsonMap, output: RequestBlock['output']): JsonMap {
  if (output === undefined) return {};
  const format = { type: 'json_schema', schema: output.schema };
  return { output_config: { format, ...asMap(params['output_config']) } };
}

/** Whether `params` says itself in what format to answer. */
export function hasOwnFormat(params: unknown): boolean {
  return asMap(asMap(params)?.['output_config'])?.['format'] !== undefined;
}
