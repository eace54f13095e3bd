import { asMap, asMaps, asText, type JsonMap } from '../../../core/json.ts';
import { countOf } from './count.ts';

/** An error as all of Google's APIs word one: https://google.aip.dev/193 */
export interface Status {
  /** A code of gRPC; null where none is told. */
  readonly code: number | null;
  /** The code's name in lower case, or whatever word stands there instead; null where none does. */
  readonly word: string | null;
  readonly message: string | null;
  readonly details: readonly JsonMap[];
}

/** By their numbers. */
const names = [
  'ok',
  'cancelled',
  'unknown',
  'invalid_argument',
  'deadline_exceeded',
  'not_found',
  'already_exists',
  'permission_denied',
  'resource_exhausted',
  'failed_precondition',
  'aborted',
  'out_of_range',
  'unimplemented',
  'internal',
  'unavailable',
  'data_loss',
  'unauthenticated',
] as const;

export type StatusName = (typeof names)[number];

/** What an HTTP status is in gRPC: https://cloud.google.com/apis/design/errors#handling_errors */
const ofHttp: ReadonlyMap<number, StatusName> = new Map([
  [400, 'invalid_argument'],
  [401, 'unauthenticated'],
  [403, 'permission_denied'],
  [404, 'not_found'],
  [408, 'deadline_exceeded'],
  [409, 'aborted'],
  [429, 'resource_exhausted'],
  [499, 'cancelled'],
  [501, 'unimplemented'],
  [503, 'unavailable'],
  [504, 'deadline_exceeded'],
]);

export function codeOf(name: StatusName): number {
  return names.indexOf(name);
}

/** The name of what an HTTP status means. */
export function nameOfHttp(status: number): StatusName {
  return ofHttp.get(status) ?? (status >= 500 ? 'internal' : 'invalid_argument');
}

/** A batch's errors carry codes of gRPC, synchronous ones those of HTTP; the name is the same in both. */
export function readStatus(error: unknown): Status {
  const map = asMap(error);
  if (map === undefined) return { code: null, word: null, message: asText(error), details: [] };
  const { code: written, status } = map;
  const name = known(asText(status)?.toLowerCase()) ?? nameOfNumber(Number(written ?? Number.NaN));
  return {
    code: name === null ? null : codeOf(name),
    // A word that stands where numbers do is more than its number.
    word: wordIn(written) ?? name ?? asText(status)?.toLowerCase() ?? null,
    message: asText(map['message']),
    details: asMaps(map['details']),
  };
}

function wordIn(code: unknown): string | null {
  return Number.isNaN(Number(code)) ? asText(code) : null;
}

function known(word: string | undefined): StatusName | null {
  return names.find((name) => name === word) ?? null;
}

function nameOfNumber(code: number): StatusName | null {
  return code >= 100 ? nameOfHttp(code) : (names[code] ?? null);
}

/** A limit that an account has run into. */
interface Quota {
  /** As in `GenerateRequestsPerDayPerProjectPerModel-FreeTier`. */
  readonly id: string;
  /** How much it is; null where that is not said. */
  readonly value: number | null;
}

export function quotasIn({ details }: Status): readonly Quota[] {
  const violations = ofType(details, 'QuotaFailure').flatMap((detail) => asMaps(detail['violations']));
  return violations.map(({ quotaId, quotaMetric, quotaValue }) => {
    const id = [asText(quotaId), asText(quotaMetric)].filter((name) => name !== null).join(' ');
    return { id, value: countOf(quotaValue) };
  });
}

/** What makes an error machine-readable, as `API_KEY_INVALID`; null where it has none. */
export function reasonIn({ details }: Status): string | null {
  return asText(ofType(details, 'ErrorInfo')[0]?.['reason']);
}

/** How long it asks to be left alone, in milliseconds; null where it does not say. */
export function retryDelayMs({ details }: Status): number | null {
  const delay = ofType(details, 'RetryInfo')[0]?.['retryDelay'];
  const text = /^(\d+(?:\.\d+)?)s$/.exec(asText(delay) ?? '')?.[1];
  if (text !== undefined) return Math.ceil(Number(text) * 1000);
  const seconds = countOf(asMap(delay)?.['seconds']);
  return seconds === null ? null : seconds * 1000;
}

/** What is wrong with single fields of a request, as `requests[3]: too long`. */
export function violationsIn({ details }: Status): readonly string[] {
  const list = ofType(details, 'BadRequest').flatMap((detail) => asMaps(detail['fieldViolations']));
  return list.map(({ field, description }) =>
    [asText(field), asText(description)].filter((text) => text !== null).join(': '),
  );
}

function ofType(details: readonly JsonMap[], name: string): readonly JsonMap[] {
  return details.filter((detail) => asText(detail['@type'])?.endsWith(`google.rpc.${name}`));
}
