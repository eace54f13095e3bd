import type { LineFailure } from '../../../core/dialect.ts';
import { codeOf, quotasIn, reasonIn, type Status, type StatusName } from './status.ts';

const account = codes('permission_denied', 'unauthenticated');
/** Also what HTTP knows as 409 and 5xx, and what was cancelled by the provider. */
const provider = codes(
  'cancelled',
  'unknown',
  'deadline_exceeded',
  'resource_exhausted',
  'aborted',
  'internal',
  'unavailable',
  'data_loss',
);

/** Nothing is left to pay with, which passes by no waiting. */
const unpaidWords =
  /\bprepa(?:y|id)|credits?\b.{0,30}\bdepleted|depleted\b.{0,30}\bcredits?|\bspend(?:ing)?[ -](?:cap|limit)|enable billing|billing (?:account )?(?:is |was |has been )?(?:not enabled|disabled|closed)/i;

const keyReasons = /^(?:API_KEY_|ACCESS_TOKEN_|SERVICE_DISABLED|CONSUMER_|BILLING_)/;
const keyWords = /\bapi key\b.{0,40}\b(?:not valid|invalid|expired|not found|leaked|revoked|missing)/i;

const placeWords = /location is not supported|not available in your (?:country|region)/i;

const modelWords =
  /\bmodels\/\S+ (?:is|was) not\b|\bmodel\b.{0,80}\b(?:not found|does not exist|no longer available)/i;

/** Whose fault it is that a request was not answered (contract section 8). */
export function blameOf(status: Status): Exclude<LineFailure['blame'], 'unclear'> {
  const { code } = status;
  if (code === null) return 'provider';
  if (account.has(code) || isKeys(status) || isUsedUp(status) || isModels(status)) return 'account';
  return provider.has(code) ? 'provider' : 'row';
}

/** Whether the key is refused; a wrong one is answered as an invalid argument. */
export function isKeys(status: Status): boolean {
  return keyReasons.test(reasonIn(status) ?? '') || keyWords.test(status.message ?? '');
}

/** Whether the account may send nothing more before a day is over, or somebody pays. */
export function isUsedUp(status: Status): boolean {
  const message = status.message ?? '';
  if (status.code !== codeOf('resource_exhausted')) {
    const isRefused = status.code === codeOf('failed_precondition');
    return isRefused && (unpaidWords.test(message) || placeWords.test(message));
  }
  return (
    unpaidWords.test(message) || quotasIn(status).some(({ id, value }) => /PerDay/i.test(id) || value === 0)
  );
}

function isModels({ code, message }: Status): boolean {
  return code === codeOf('not_found') && modelWords.test(message ?? '');
}

function codes(...names: readonly StatusName[]): ReadonlySet<number> {
  return new Set(names.map(codeOf));
}
