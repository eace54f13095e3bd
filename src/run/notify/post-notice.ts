import { errorMessage } from '../../core/errors.ts';
import { createDispatcher, proxySettings } from '../../providers/http/dispatcher.ts';

const limitMs = 10_000;
const tries = 2;

/**
 * Posts JSON to a webhook, twice where it is not taken at once.
 *
 * @returns why nobody could be told; null where somebody was
 */
export async function postNotice(
  webhook: string,
  body: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<string | null> {
  let why: string | null = null;
  for (let attempt = 0; attempt < tries; attempt += 1) {
    signal.throwIfAborted();
    why = await postOnce(webhook, body, env, AbortSignal.any([signal, AbortSignal.timeout(limitMs)]));
    if (why === null) return null;
  }
  return why;
}

async function postOnce(
  webhook: string,
  body: string,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    const dispatcher = await createDispatcher(proxySettings(env));
    const response = await fetch(webhook, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal,
      ...(dispatcher === undefined ? {} : { dispatcher }),
    });
    await response.body?.cancel();
    return response.ok ? null : `it answered ${response.status}`;
  } catch (error) {
    if (signal.aborted) return `it did not answer within ${limitMs / 1000} seconds`;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return errorMessage(cause) || 'it cannot be reached';
  }
}
