import type { Block } from './plan.ts';

export const purposeNames = ['tags', 'summaries', 'embeddings', 'own'] as const;

export type PurposeName = (typeof purposeNames)[number];

/** What a pipeline is for: what it asks of the model, and what it keeps of the answer. */
export interface Purpose {
  /** For the question that chooses one, and the file's first line. */
  readonly label: string;
  readonly endpoint: 'chat' | 'embeddings';
  readonly instruction?: string;
  readonly output?: Block;
  readonly params?: Block;
  /** Column of the target: CEL over the answer. */
  readonly columns: Readonly<Record<string, string>>;
}

export const purposes: Readonly<Record<PurposeName, Purpose>> = {
  tags: {
    label: 'Tags: a few words on each row',
    endpoint: 'chat',
    instruction: 'Give one to five short tags, in lower case, that say what the row is about.',
    output: {
      schema: {
        type: 'object',
        properties: { tags: { type: 'array', items: { type: 'string' } } },
        required: ['tags'],
        additionalProperties: false,
      },
    },
    params: { max_tokens: 200 },
    columns: { tags: 'json.tags', model: 'model', tagged_at: 'now' },
  },
  summaries: {
    label: 'Summaries: a sentence or two on each row',
    endpoint: 'chat',
    instruction: 'Sum the row up in one or two sentences, in its own language.',
    params: { max_tokens: 300 },
    columns: { summary: 'text', model: 'model', summarized_at: 'now' },
  },
  embeddings: {
    label: 'Embeddings: a vector for each row, to search by',
    endpoint: 'embeddings',
    columns: { embedding: 'embedding', model: 'model', embedded_at: 'now' },
  },
  own: {
    label: 'Answers to a question of your own on each row',
    endpoint: 'chat',
    params: { max_tokens: 500 },
    columns: { answer: 'text', model: 'model', answered_at: 'now' },
  },
};
