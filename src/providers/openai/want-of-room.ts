interface Reason {
  readonly code: string | null;
  readonly message: string;
}

/**
 * What there is too much of by a refusal's own words: enqueued tokens, or batches under way. Null where it says neither.
 */
export function wantOfRoom({ code, message }: Reason): 'tokens' | 'batches' | null {
  if (code === 'token_limit_exceeded' || /enqueued tokens?/i.test(message)) return 'tokens';
  if (isOfMoney.test(`${code} ${message}`)) return null;
  return (code !== null && batchCap.test(code)) || batchCap.test(message) ? 'batches' : null;
}

/** A cap on batches under way, in the words that servers have for one; none is about the requests in a batch. */
const batchCap =
  /(?:too[ _]many|max(?:imum)?|limit|quota|exceed\w*|already|concurren\w*)(?:(?!requests?\b|per batch).){0,60}\bbatch(?:es|[ _]jobs?)\b|\b(?:batch(?:es|[ _]jobs?))\b(?:(?!requests?\b).){0,60}(?:limit|maximum|quota|too[ _]many|exceeded|concurren\w*)|batch(?:es)?_limit/i;

/** What no batch that ends makes room for. */
const isOfMoney = /billing|credit|payment|balance|spend|insufficient|hard[ _]limit|plan\b/i;

/** `Limit: 2,000,000 enqueued tokens`; null where the message names none. */
export function statedLimit(message: string): number | null {
  const match = /\blimit:\s*(\d{1,3}(?:[,._ ]\d{3})+(?!\d)|\d+)/i.exec(message);
  const digits = match?.[1]?.replaceAll(/\D/g, '') ?? '';
  return Number(digits) > 0 ? Number(digits) : null;
}
