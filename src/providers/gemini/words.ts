import { asMap } from '../../core/json.ts';
import {
  answered,
  type Meaning,
  type ProviderWords,
  type Refusal,
  roomCodes,
} from '../http/provider-error.ts';
import { isKeys, isUsedUp } from './dialect/blame-of.ts';
import { readStatus, type Status } from './dialect/status.ts';
import { wantOfRoom } from './want-of-room.ts';

/** How messages name Google's API, and how its refusals are read. */
export const geminiWords: ProviderWords = {
  api: 'Gemini API',
  keyVariable: 'GEMINI_API_KEY',
  address: 'it usually is https://generativelanguage.googleapis.com',
  paths: '/v1beta/files and /v1beta/batches',
  meaning,
};

function meaning(
  refusal: Refusal,
  call: { readonly paid?: boolean; readonly notFound?: 'batch' | 'file' },
): Meaning | null {
  const status = statusOf(refusal);
  if (isKeys(status)) return unauthorized(refusal);
  if (isUsedUp(status)) return usedUp(refusal);
  if (refusal.status === 429) return tooMuch(refusal, status, call.paid === true);
  return isUnknown(refusal) ? unknown(refusal, call.notFound) : null;
}

/** Where the body does not say what it is, its HTTP status does. */
export function statusOf({ said, status, message }: Refusal): Status {
  return readStatus({ code: status, message, ...asMap(said) });
}

/** A wrong key is answered like any other argument that is wrong. */
function unauthorized({ status }: Refusal): Meaning {
  return {
    code: 'provider_unauthorized',
    what: `it does not accept the API key (${status})`,
    hint: 'Check provider.api_key or the variables GEMINI_API_KEY and GOOGLE_API_KEY.',
  };
}

function usedUp(refusal: Refusal): Meaning {
  return {
    code: 'insufficient_quota',
    what: answered(refusal),
    hint: "The account's quota or credit is used up: wait for the next day, or raise it at Google, then run again.",
  };
}

function tooMuch(refusal: Refusal, status: Status, isCreate: boolean): Meaning {
  const room = isCreate ? wantOfRoom(status) : null;
  const code = room === null ? 'rate_limited' : roomCodes[room.of];
  return { code, what: answered(refusal), retryable: true };
}

/** What is not there is answered as if it were forbidden; a file may not be ready yet. */
function isUnknown({ status, message }: Refusal): boolean {
  return (status === 403 && /may not exist/i.test(message)) || /not in an? active state/i.test(message);
}

function unknown(refusal: Refusal, what: 'batch' | 'file' | undefined): Meaning {
  return what === 'batch'
    ? { code: 'batch_not_found', what: answered(refusal) }
    : { code: 'file_not_found', what: answered(refusal), retryable: true };
}
