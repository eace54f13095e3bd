import { BatchlineError, errorCode } from '../../core/errors.ts';
import type { ProviderNeed } from '../../core/provider.ts';
import type { Account, OpenAiCalls } from './account.ts';
import { pageOf } from '../http/listing.ts';

export interface AccountQuestion {
  readonly need: ProviderNeed;
  readonly timeoutMs: number;
}

/** Proves address and key by the cheapest call that needs them. */
export async function checkAccount(
  account: Account,
  api: OpenAiCalls,
  { need, timeoutMs }: AccountQuestion,
  signal: AbortSignal,
): Promise<void> {
  requireKey(account);
  const call = { doing: 'checking the API key', isFirst: true };
  const options = { timeout: timeoutMs, silenceMs: timeoutMs };
  const list = async (path: 'batches' | 'models'): Promise<void> => {
    const answer = await api.ask(call, signal, options, (client, request) =>
      path === 'batches' ? client.batches.list({ limit: 1 }, request) : client.models.list(request),
    );
    if (pageOf(answer) === undefined) api.notUnderstood(call);
  };
  try {
    await list('batches');
  } catch (error) {
    // Servers without batches are good for single requests.
    if (need !== 'answers' || errorCode(error) !== 'provider_not_found') throw error;
    await list('models');
  }
}

/** OpenAI's own servers answer nothing without a key; other servers may. */
function requireKey({ hasKey, host }: Account): void {
  if (hasKey || host !== 'api.openai.com') return;
  throw new BatchlineError('provider_unauthorized', 'there is no API key for api.openai.com', {
    hint: 'Set the variable OPENAI_API_KEY, or provider.api_key.',
  });
}
