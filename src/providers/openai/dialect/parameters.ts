import type { DialectFault, Endpoint, KnownParameters, RequestDraft } from '../../../core/dialect.ts';
import { asMap } from '../../../core/json.ts';
import type { RequestBlock } from '../../../core/request-block.ts';
import { saidTwice } from '../../../core/said-twice.ts';
import type { VectorFormat } from './body.ts';

/**
 * The parameters of each endpoint, as the official SDK types them (openai 7.57, and `background_options` of 7.58), those included that the request block
 * itself writes.
 */
export const apiParameters: Readonly<Record<Endpoint, readonly string[]>> = {
  chat: words(`audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens
    messages metadata modalities model moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key
    prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop
    store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity web_search_options`),
  responses:
    words(`access_programs background background_options context_management conversation image include input instructions
    max_output_tokens max_tool_calls metadata model moderation parallel_tool_calls previous_response_id prompt
    prompt_cache_key prompt_cache_options prompt_cache_retention reasoning safety_identifier service_tier store stream
    stream_options temperature text tool_choice tools top_logprobs top_p truncation user`),
  embeddings: words('dimensions encoding_format input model user'),
};

/** What compatible servers (vLLM, SGLang, Groq, Together, Mistral, OpenRouter, LiteLLM) take beside them. */
const othersParameters =
  words(`add_generation_prompt allowed_token_ids bad_words best_of cache_salt chat_template
  chat_template_kwargs continue_final_message documents echo enable_thinking extra_body guided_choice guided_decoding_backend
  guided_grammar guided_json guided_regex ignore_eos include_reasoning include_stop_str_in_output input_type json_schema
  length_penalty lora_path min_p min_tokens mm_processor_kwargs models n_predict normalize ebnf regex
  plugins prefix priority prompt_logprobs prompt_mode prompt_truncate_len provider random_seed reasoning reasoning_format
  repetition_penalty request_id route safe_prompt separate_reasoning skip_special_tokens
  spaces_between_special_tokens stop_token_ids structured_outputs temperature_last thinking thinking_budget top_a top_k
  transforms truncate truncate_prompt_tokens typical_p use_beam_search usage`);

/** What the other endpoints call it. */
const otherWords: Readonly<Record<Endpoint, Readonly<Record<string, string>>>> = {
  chat: {
    max_output_tokens: 'max_completion_tokens',
    text: 'response_format',
    reasoning: 'reasoning_effort',
  },
  responses: {
    response_format: 'text',
    reasoning_effort: 'reasoning',
  },
  embeddings: { dims: 'dimensions', size: 'dimensions' },
};

/** What each endpoint takes by a name of the others as well: it is sent by the endpoint's own. */
const portable: Readonly<Record<Endpoint, Readonly<Record<string, string>>>> = {
  chat: {},
  responses: { max_tokens: 'max_output_tokens', max_completion_tokens: 'max_output_tokens' },
  embeddings: {},
};

/** Parameters by the endpoint's own names. */
export function ownParameters(endpoint: Endpoint, params: RequestBlock['params']): RequestBlock['params'] {
  const own = portable[endpoint];
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [own[name] ?? name, value]));
}

/** What the request block itself writes, and what no answer is read as. */
const reserved: Readonly<Record<Endpoint, readonly string[]>> = {
  chat: ['messages', 'stream'],
  responses: ['input', 'instructions', 'stream'],
  embeddings: ['input'],
};

/** @returns what is wrong with them, each at its own place */
export function parameterFaults(
  { endpoint, params }: RequestDraft,
  vectors: VectorFormat,
): readonly DialectFault[] {
  if (!isEndpoint(endpoint)) return [];
  const given = asMap(params) ?? {};
  const collisions = reserved[endpoint]
    .filter((name) => given[name] !== undefined)
    .map((name): DialectFault => ({ path: ['params', name], message: collision(name), at: 'key' }));
  return [
    ...collisions,
    ...(endpoint === 'embeddings' ? formatFaults(given['encoding_format'], vectors) : []),
    ...saidTwice(params, portable[endpoint]),
  ];
}

function formatFaults(format: unknown, vectors: VectorFormat): readonly DialectFault[] {
  if (format === undefined || format === vectors) return [];
  const path = ['params', 'encoding_format'];
  const message = `cannot be chosen: embeddings are asked for as ${vectors}, and loaded as numbers; \`compat: { embeddings: float }\` is for servers that know no base64`;
  return [{ path, message, at: 'key' }];
}

function collision(name: string): string {
  return name === 'stream'
    ? 'cannot be asked for: answers are read whole'
    : 'collides with what is made of system, prompt, messages or input; write it there';
}

function isEndpoint(value: unknown): value is Endpoint {
  return typeof value === 'string' && Object.hasOwn(reserved, value);
}

/** Which parameters are known where: OpenAI refuses those that it does not know, other servers have more than it. */
export function knownParameters(endpoint: Endpoint, baseUrl: unknown, model: unknown): KnownParameters {
  const isOwn = baseUrl === undefined || baseUrl === 'emulator' || hostOf(baseUrl) === 'api.openai.com';
  const names = [...apiParameters[endpoint], ...Object.keys(portable[endpoint])];
  const meant = otherWords[endpoint];
  return isOwn
    ? { names, meant, isEvery: true, remarks: remarksOn(endpoint, model) }
    : { names: [...names, ...othersParameters], meant, isEvery: false };
}

/** Models that reason before they answer, but for those that a chat page shows, which do not. */
const reasoning = /^(?:ft:)?(?:o[134]|gpt-5(?!.*-chat))(?![a-z\d])/;

function remarksOn(endpoint: Endpoint, model: unknown): NonNullable<KnownParameters['remarks']> {
  if (endpoint === 'responses') return { stop: onlyInChat, seed: onlyInChat };
  if (endpoint !== 'chat' || typeof model !== 'string' || !reasoning.test(model)) return {};
  const message = `is refused by ${model}, which counts its thoughts too`;
  return { max_tokens: { message, suggestion: 'max_completion_tokens' } };
}

const onlyInChat = {
  message: 'is no parameter of responses, so that each request may be refused for it; endpoint: chat has it',
};

function hostOf(url: unknown): string | undefined {
  return typeof url === 'string' ? URL.parse(url)?.hostname : undefined;
}

function words(text: string): readonly string[] {
  return text.split(/\s+/);
}
