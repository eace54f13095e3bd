import { ApiError } from '../http/api-error.ts';

/** Those that a listing shows; the API has more. */
const listed: readonly string[] = [
  'gpt-4o-mini',
  'gpt-4o',
  'gpt-4.1',
  'gpt-4.1-mini',
  'gpt-4.1-nano',
  'gpt-5',
  'gpt-5-mini',
  'gpt-5-nano',
  'o3',
  'o4-mini',
  'text-embedding-3-small',
  'text-embedding-3-large',
  'text-embedding-ada-002',
];

/** OpenAI's models (as the SDK's types name them, and their dated snapshots), and what was tuned from them. */
const ownModel = new RegExp(
  `^(?:ft:)?(?:${[
    String.raw`gpt-3\.5-turbo(?:-16k)?`,
    String.raw`gpt-4(?:-turbo|-32k|-turbo-preview)?`,
    String.raw`gpt-4(?:o|\.1|\.5)(?:-mini|-nano|-preview)?`,
    String.raw`gpt-4o(?:-mini)?-(?:audio|search|realtime)-preview`,
    String.raw`gpt-[5-9](?:\.\d+)?(?:-mini|-nano|-pro|-codex|-codex-mini|-codex-max|-chat-latest|-[a-z]{3,5})?`,
    String.raw`gpt-(?:audio|oss)(?:-mini|-20b|-120b)?`,
    String.raw`o[1-4](?:-mini|-pro|-preview)?(?:-deep-research)?`,
    String.raw`chatgpt-4o-latest`,
    String.raw`codex-mini-latest`,
    String.raw`computer-use-preview`,
    String.raw`text-embedding-(?:3-small|3-large|ada-002)`,
    String.raw`omni-moderation-latest`,
  ].join('|')})(?:-\\d{4}-\\d{2}-\\d{2}|-\\d{4}(?:-preview)?)?(?::[^/]*)?$`,
);

/** Models of others, by the beginning of their names: a pipeline may be tried here that will go to their servers. */
const othersModel = new RegExp(
  `^(?:${[
    'claude-(?:opus|sonnet|haiku|\\d)',
    'gemini-\\d',
    'gemini-embedding',
    'gemma-?\\d',
    '(?:meta-)?llama-?\\d',
    '(?:mistral|ministral|magistral|codestral|pixtral)-',
    'mixtral-\\d',
    'qwen-?\\d?',
    'deepseek-',
    'grok-\\d',
    'command-',
    'kimi-',
    'glm-\\d',
    'nomic-embed',
    'mxbai-embed',
    'bge-',
    'voyage-',
    'jina-embeddings',
  ].join('|')})|^(?:${[
    'meta-llama|mistralai|qwen|deepseek-ai|google|openai|microsoft|nvidia|baai|intfloat|sentence-transformers|thenlper',
    'nomic-ai|jinaai|mixedbread-ai|snowflake|alibaba-nlp|ibm-granite|moonshotai|zai-org|cohereforai|nousresearch|unsloth',
    'anthropic|cohere|x-ai|tiiuae|allenai|huggingfacetb|bigscience|01-ai|groq|accounts',
  ].join('|')})/.+`,
  'i',
);

const openAiServes = [ownModel, othersModel];

/** Which models may be asked for. */
export class KnownModels {
  readonly #more: readonly RegExp[];
  readonly listed: readonly string[];
  /** Those that were added by their full names. */
  readonly added: readonly string[];

  /** @param more names; a star in one stands for anything */
  constructor(more: readonly string[]) {
    this.#more = more.map(
      (name) =>
        new RegExp(
          `^${name
            .split('*')
            .map((part) => RegExp.escape(part))
            .join('.*')}$`,
        ),
    );
    this.added = more.filter((name) => !name.includes('*'));
    this.listed = [...listed, ...this.added];
  }

  /** @throws ApiError 404 as the API refuses a model that it does not have; what is no name is left to others */
  require(model: unknown): void {
    if (typeof model !== 'string' || this.has(model, openAiServes)) return;
    const message = `The model \`${model}\` does not exist or you do not have access to it.`;
    throw new ApiError(404, message, { code: 'model_not_found' });
  }

  /** @param served the models of the API that is asked */
  has(model: string, served: readonly RegExp[]): boolean {
    // For trying failures out, whatever else it has.
    if (model.startsWith('no-such-')) return false;
    return [...served, ...this.#more].some((pattern) => pattern.test(model));
  }
}

/** The names in a list that is separated by commas. */
export function listOfModels(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
