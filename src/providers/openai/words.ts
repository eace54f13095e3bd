import { answered, type Meaning, type ProviderWords, type Refusal } from '../http/provider-error.ts';
import { compatHint } from './compat.ts';
import { wantOfRoom } from './want-of-room.ts';

/** How messages name OpenAI's API, and how its refusals are read. */
export const openAiWords: ProviderWords = {
  api: 'OpenAI API',
  keyVariable: 'OPENAI_API_KEY',
  address: 'it usually ends in /v1',
  paths: '/files and /batches',
  wantOfRoom,
  hint: compatHint,
  meaning: unrouted,
};

/** LiteLLM answers 500, which else may pass, where nothing tells it which model's account an upload is for. */
function unrouted(refusal: Refusal): Meaning | null {
  if (!/files_settings is not set/i.test(refusal.message)) return null;
  return {
    code: 'provider_refused',
    what: answered(refusal),
    hint: "Name the model of LiteLLM's config.yaml whose account is to be used: provider.headers: { x-litellm-model: NAME }.",
  };
}
