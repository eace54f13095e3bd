/** The request of every chat benchmark; `sql/build.sql` builds the same lines. */
export const chatRequest = {
  endpoint: '/v1/chat/completions',
  model: 'gpt-4o-mini',
  system: 'You tag support tickets.',
  prompt: 'Subject: {{ subject }}\n\n{{ body }}',
  params: { temperature: 0, max_tokens: 60 },
};

export const embeddingsRequest = {
  endpoint: '/v1/embeddings',
  model: 'text-embedding-3-small',
  input: '{{ body }}',
};

/** @param rows only the first so many; undefined for all */
export function tableSource(url: string, rows?: number) {
  const where = rows === undefined ? {} : { where: `id <= ${rows}` };
  return { type: 'postgres', url, table: 'public.mail', key: 'id', ...where };
}

/** A table that exists and has no room for the hash of a request: no request is hashed. */
export function tableSink(url: string) {
  return { type: 'postgres', url, table: 'public.answers', mode: 'upsert', key: 'id', create: false };
}

/** A table that the sink creates, with the hash of each request. */
export function hashingSink(url: string) {
  return { ...tableSink(url), table: 'public.hashed_answers', create: true };
}

export const chatColumns = { text: 'text', model: 'model' };
export const embeddingColumns = { embedding: 'embedding', model: 'model' };

const keyColumn = 'id bigint primary key';
export const chatTable = `(${keyColumn}, text text, model text)`;
export const embeddingsTable = `(${keyColumn}, embedding real[], model text)`;
