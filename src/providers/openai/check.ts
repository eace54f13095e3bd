import { BatchlineError } from '../../core/errors.ts';
import type { Account, OpenAiCalls } from './account.ts';
import { pageOf } from '../http/listing.ts';

/** Proves address and key by the cheapest call that needs them. */
export async function checkAccount(
  account: Account,
  api: OpenAiCalls,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  requireKey(account);
  const call = { doing: 'checking the API key', isFirst: true };
  const options = { timeout: timeoutMs, silenceMs: timeoutMs };
  const answer = await api.ask(call, signal, options, (client, request) =>
    client.batches.list({ limit: 1 }, request),
  );
  if (pageOf(answer) === undefined) api.notUnderstood(call);
}

/** OpenAI's own servers answer nothing without a key; other servers may. */
function requireKey({ hasKey, host }: Account): void {
  if (hasKey || host !== 'api.openai.com') return;
  throw new BatchlineError('provider_unauthorized', 'there is no API key for api.openai.com', {
    hint: 'Set the variable OPENAI_API_KEY, or provider.api_key.',
  });
}
