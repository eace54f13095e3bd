import { BatchlineError } from '../../core/errors.ts';
import { asText } from '../../core/json.ts';
import { refusalOf } from '../http/provider-error.ts';
import { unknownModel } from '../http/unknown-model.ts';
import type { Account, GeminiCalls } from './account.ts';
import { modelPath } from './dialect/model-path.ts';
import { everything } from './listing.ts';
import { statusOf } from './words.ts';

interface Question {
  readonly model: string;
  readonly timeoutMs: number;
}

/**
 * Asks for the model. Keys may not be allowed to make the call, and gateways may not know it: only a plain "there is no
 * such model" is believed.
 */
export async function checkModel(
  account: Account,
  api: GeminiCalls,
  { model, timeoutMs }: Question,
  signal: AbortSignal,
): Promise<void> {
  const path = modelPath(model);
  if (!(await isDenied(account, path, timeoutMs, signal))) return;
  const names = await listedModels(api, signal);
  if (names.includes(path)) return;
  const short = names.map((name) => name.replace(/^models\//, ''));
  throw unknownModel(account.host, model, short);
}

async function isDenied(
  account: Account,
  path: string,
  timeout: number,
  signal: AbortSignal,
): Promise<boolean> {
  signal.throwIfAborted();
  const client = await account.client({ silenceMs: timeout, follows: false });
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
    const options = { timeout, signal: limited, maxRetries: 0 } as const;
    const response = await client.json({ to: `/v1beta/${path}` }, options).asResponse();
    await response.body?.cancel();
    return false;
  } catch (error) {
    signal.throwIfAborted();
    const refusal = refusalOf(error);
    if (refusal?.status !== 404) return false;
    // A server without the call answers so as well, but says nothing of the model.
    const { message } = statusOf(refusal);
    return message !== null && message.includes(path.replace(/^models\//, ''));
  }
}

async function listedModels(api: GeminiCalls, signal: AbortSignal): Promise<readonly string[]> {
  const listed = { path: '/v1beta/models', key: 'models', pageSize: 1000 };
  try {
    const models = await Array.fromAsync(everything(api, { doing: 'listing the models' }, listed, signal));
    return models.flatMap(({ name }) => asText(name) ?? []);
  } catch (error) {
    if (!(error instanceof BatchlineError)) throw error;
    return [];
  }
}
