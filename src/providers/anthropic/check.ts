import { nearestName } from '../../core/did-you-mean.ts';
import { BatchlineError, errorCode } from '../../core/errors.ts';
import { asMap } from '../../core/json.ts';
import { pageOf } from '../http/listing.ts';
import { unknownModel } from '../http/unknown-model.ts';
import type { Account, AnthropicCalls } from './account.ts';

/** Proves address and key by the cheapest call that needs them. */
export async function checkAccount(
  { hasKey, host }: Account,
  api: AnthropicCalls,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (!hasKey && host === 'api.anthropic.com') throw noKey(host);
  const call = { doing: 'checking the API key', isFirst: true };
  const answer = await api.ask(call, signal, patient(timeoutMs), (client, request) =>
    client.messages.batches.list({ limit: 1 }, request),
  );
  if (pageOf(answer) === undefined) api.notUnderstood(call);
}

function noKey(host: string): BatchlineError {
  return new BatchlineError('provider_unauthorized', `there is no API key for ${host}`, {
    hint: 'Set the variable ANTHROPIC_API_KEY, or provider.api_key.',
  });
}

/** Asks for the model. Only a plain "there is no such model" is believed: gateways may not know the call. */
export async function checkModel(
  { host }: Account,
  api: AnthropicCalls,
  { model, timeoutMs }: { readonly model: string; readonly timeoutMs: number },
  signal: AbortSignal,
): Promise<void> {
  const call = { doing: 'looking for the model' };
  try {
    await api.ask(call, signal, patient(timeoutMs), (client, request) =>
      client.models.retrieve(model, {}, request),
    );
  } catch (error) {
    signal.throwIfAborted();
    if (errorCode(error) !== 'model_not_found') return;
    const names = await listedModels(api, timeoutMs, signal);
    if (names.includes(model)) return;
    // Without a near one, its many dated names help nobody.
    throw unknownModel(host, model, nearestName(model, names) === undefined ? [] : names);
  }
}

async function listedModels(
  api: AnthropicCalls,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const call = { doing: 'listing the models' };
  try {
    const answer = await api.ask(call, signal, patient(timeoutMs), (client, request) =>
      client.models.list({ limit: 1000 }, request),
    );
    const items = pageOf(answer)?.items ?? [];
    return items.map((item) => asMap(item)?.['id']).filter((id) => typeof id === 'string');
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BatchlineError) return [];
    throw error;
  }
}

function patient(timeoutMs: number) {
  return { timeout: timeoutMs, silenceMs: timeoutMs };
}
