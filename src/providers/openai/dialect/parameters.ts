import type { Endpoint, KnownParameters } from '../../../core/dialect.ts';

/**
 * The parameters of each endpoint, as the official SDK types them (openai 7.57), those included that the request block
 * itself writes.
 */
export const apiParameters: Readonly<Record<Endpoint, readonly string[]>> = {
  chat: words(`audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens
    messages metadata modalities model moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key
    prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop
    store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity web_search_options`),
  responses:
    words(`access_programs background context_management conversation image include input instructions
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
    max_tokens: 'max_output_tokens',
    max_completion_tokens: 'max_output_tokens',
    response_format: 'text',
    reasoning_effort: 'reasoning',
  },
  embeddings: { dims: 'dimensions', size: 'dimensions' },
};

/** Which parameters are known where: OpenAI refuses those that it does not know, other servers have more than it. */
export function knownParameters(endpoint: Endpoint, baseUrl: unknown): KnownParameters {
  const isOwn = baseUrl === undefined || baseUrl === 'emulator' || hostOf(baseUrl) === 'api.openai.com';
  const names = apiParameters[endpoint];
  const meant = otherWords[endpoint];
  return isOwn
    ? { names, meant, isEvery: true }
    : { names: [...names, ...othersParameters], meant, isEvery: false };
}

function hostOf(url: unknown): string | undefined {
  return typeof url === 'string' ? URL.parse(url)?.hostname : undefined;
}

function words(text: string): readonly string[] {
  return text.split(/\s+/);
}
