import { BatchlineError } from '../../core/errors.ts';
import { asMap } from '../../core/json.ts';
import type { Account, GeminiCalls } from './account.ts';

/** Proves address and key by the cheapest call that needs them. */
export async function checkAccount(
  account: Account,
  api: GeminiCalls,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  requireKey(account);
  const call = { doing: 'checking the API key', isFirst: true };
  const options = { timeout: timeoutMs, silenceMs: timeoutMs };
  const answer = await api.ask(call, signal, options, (client, request) =>
    client.json({ to: '/v1beta/models', query: { pageSize: '1' } }, request),
  );
  if (asMap(answer) === undefined) api.notUnderstood(call);
}

/** Google's own servers answer nothing without a key; a gateway may have its own. */
function requireKey({ hasKey, host }: Account): void {
  if (hasKey || host !== 'generativelanguage.googleapis.com') return;
  throw new BatchlineError('provider_unauthorized', `there is no API key for ${host}`, {
    hint: 'Set the variable GEMINI_API_KEY or GOOGLE_API_KEY, or provider.api_key.',
  });
}
