import { BatchlineError } from '../../core/errors.ts';
import { asMap, asText } from '../../core/json.ts';
import type { Account, OpenAiCalls } from './account.ts';
import { pageOf } from '../http/listing.ts';
import { unknownModel } from '../http/unknown-model.ts';
import { serverAt } from './servers.ts';

interface Question {
  readonly model: string;
  readonly timeoutMs: number;
}

/**
 * Asks for the model. Many servers do not know the call, keys may not be allowed to make it, and gateways serve models
 * that they do not list: only a plain "there is no such model", which the listing does not belie, is believed.
 */
export async function checkModel(
  account: Account,
  api: OpenAiCalls,
  question: Question,
  signal: AbortSignal,
): Promise<void> {
  const { model } = question;
  // There the model is the name of a deployment, which the call does not know.
  if (serverAt(account.host)?.name === 'azure') return;
  if (!(await isDenied(account, model, question.timeoutMs, signal))) return;
  const names = await listedModels(api, question.timeoutMs, signal);
  if (names.includes(model)) return;
  throw unknownModel(account.host, model, names);
}

async function isDenied(
  account: Account,
  model: string,
  timeout: number,
  signal: AbortSignal,
): Promise<boolean> {
  signal.throwIfAborted();
  const client = await account.client({ silenceMs: timeout, follows: false });
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
    await client.models.retrieve(model, { timeout, signal: limited, maxRetries: 0 });
    return false;
  } catch (error) {
    signal.throwIfAborted();
    return saysNoSuchModel(error, model);
  }
}

/** A server without the call answers 404 as well, but says nothing of models. */
function saysNoSuchModel(error: unknown, model: string): boolean {
  const { status, error: body } = asMap(error) ?? {};
  if (status !== 404 && status !== 400) return false;
  const said = asMap(body) ?? {};
  if (said['code'] === 'model_not_found') return true;
  const message = asText(said['message']) ?? '';
  return (
    status === 404 &&
    message.includes(model) &&
    /\bmodel\b/i.test(message) &&
    /not (?:exist|found)|no such|unknown/i.test(message)
  );
}

async function listedModels(
  api: OpenAiCalls,
  timeout: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const call = { doing: 'listing the models' };
  try {
    const options = { timeout, silenceMs: timeout };
    const answer = await api.ask(call, signal, options, (client, request) => client.models.list(request));
    const items = pageOf(answer)?.items ?? [];
    return items.map((item) => asMap(item)?.['id']).filter((id) => typeof id === 'string');
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BatchlineError) return [];
    throw error;
  }
}
