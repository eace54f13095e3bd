import {
  BatchlineError,
  type BatchlineErrorOptions,
  errorCode,
  errorMessage,
  type Outcome,
} from '../../core/errors.ts';
import { asMap, asText } from '../../core/json.ts';
import { retryAfter } from './retry-after.ts';
import { isTooLarge } from './too-large.ts';
import { pageHint, webPage } from './web-page.ts';

/** How a provider names things, and what its refusals mean that is its own way of saying so. */
export interface ProviderWords {
  /** As in `OpenAI API`. */
  readonly api: string;
  /** The variable that holds the key. */
  readonly keyVariable: string;
  /** What an address usually is: `it usually ends in /v1`. */
  readonly address: string;
  /** Follows "the server must offer": the paths that are needed. */
  readonly paths: string;
  /** What a create was turned down for, where it was for want of room. */
  wantOfRoom?(refusal: Refusal): keyof typeof roomCodes | null;
  /** What to do about a refusal, by its message. */
  hint?(message: string): string | undefined;
  /**
   * Whether a refusal comes from the API itself, so that it rules out what was asked for, whatever its status. Without
   * this the status alone tells.
   */
  rulesOut?(refusal: Refusal): boolean;
  /** Null where a refusal means what its status says. */
  meaning?(refusal: Refusal, call: Pick<Call, 'paid' | 'notFound'>): Meaning | null;
}

/** What was being done, for the message and for the meaning of a refusal. */
export interface Call {
  /** Follows "while": `creating a batch`. */
  readonly doing: string;
  readonly host: string;
  readonly words: ProviderWords;
  redact(text: string): string;
  /** What a 404 is about; undefined where it can only mean a wrong address. */
  readonly notFound?: 'batch' | 'file';
  /** Whether the call costs money when it succeeds unnoticed, so that the error must say what surely happened. */
  readonly paid?: boolean;
  /** Whether nothing has been heard from the address yet, so that a name that does not exist is a wrong one. */
  readonly isFirst?: boolean;
}

/** The parts of an SDK error that matter here; the SDK itself is loaded only when it is used. */
export interface Refusal {
  readonly status: number;
  readonly headers: Headers | undefined;
  readonly code: string;
  readonly message: string;
  /** What stands in `error` of its body, or the body itself. */
  readonly said: unknown;
}

/** One clear line for whatever the SDK threw. */
export function providerError(error: unknown, call: Call): BatchlineError {
  if (error instanceof BatchlineError) return error;
  const refusal = refusalOf(error);
  return refusal === undefined ? connectionError(error, call) : refusalError(refusal, error, call);
}

export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return undefined;
  const details = error as Error & { headers?: unknown; type?: unknown; error?: unknown };
  // Some SDKs hand out the whole body, in which the error stands.
  const told = asText(asMap(asMap(details.error)?.['error'])?.['message']);
  return {
    status: error.status,
    headers: details.headers instanceof Headers ? details.headers : undefined,
    code: errorCode(error) ?? (typeof details.type === 'string' ? details.type : ''),
    message: told ?? error.message.replace(/^\d{3} /, ''),
    said: details.error,
  };
}

/** What a refusal comes to. */
export interface Meaning {
  readonly code: string;
  readonly what: string;
  readonly hint?: string | undefined;
  readonly retryable?: boolean;
}

function refusalError(refusal: Refusal, cause: unknown, call: Call): BatchlineError {
  const { code, what, hint, retryable } = meaningOf(refusal, call);
  return new BatchlineError(code, `${call.host}, while ${call.doing}: ${call.redact(what)}`, {
    where: call.host,
    hint,
    retryable: retryable ?? false,
    retryAfterMs: retryable === true ? retryAfter(refusal.headers, Date.now()) : undefined,
    ...outcome(call, outcomeOf(refusal, call.words)),
    cause: withoutSecrets(cause, call),
  });
}

/** Of a refusal by its status: 408, 409 and 5xx may come after the work was done. */
function outcomeOf(refusal: Refusal, words: ProviderWords): Outcome {
  if (words.rulesOut?.(refusal) === true) return 'absent';
  const { status } = refusal;
  if (status < 400 || status >= 500 || status === 408 || status === 409) return 'unknown';
  return 'rulesOut' in words ? 'denied' : 'absent';
}

function outcome({ paid }: Call, what: Outcome): BatchlineErrorOptions {
  return paid === true ? { outcome: what } : {};
}

/** Proxies say with a page of their own what these mean. */
const plainStatuses: readonly number[] = [408, 413, 429];

/** Whether a web page came in the API's place, which no waiting mends. */
export function isPageInstead({ status, message }: Pick<Refusal, 'status' | 'message'>): boolean {
  return status < 500 && !plainStatuses.includes(status) && webPage(message) !== null;
}

function meaningOf(refusal: Refusal, call: Call): Meaning {
  const { status, message } = refusal;
  const { words } = call;
  if (isPageInstead(refusal))
    return { code: 'provider_not_understood', what: answered(refusal), hint: pageHint(words.address) };
  const own = words.meaning?.(refusal, call) ?? null;
  if (own !== null) return own;
  if (status === 401 || status === 403) return unauthorized(refusal, words);
  if (status === 404 || (status === 410 && call.notFound !== undefined)) return notFound(refusal, call);
  if (status === 413 || isTooLarge(message)) return tooLarge(refusal);
  if (status < 500 && call.paid === true) {
    const of = words.wantOfRoom?.(refusal) ?? null;
    if (of !== null) return { code: roomCodes[of], what: answered(refusal), retryable: true };
  }
  if (status === 429) return rateLimited(refusal);
  if (status === 408 || status === 409 || status >= 500)
    return { code: 'provider_error', what: answered(refusal), retryable: true };
  if (isFileNotReady(message)) return { code: 'file_not_found', what: answered(refusal), retryable: true };
  return { code: 'provider_refused', what: answered(refusal), hint: words.hint?.(message) };
}

/** The codes of a create that was turned down for want of room. */
export const roomCodes = { tokens: 'token_limit_exceeded', batches: 'batch_limit_exceeded' } as const;

/** How a refusal is told. */
export function answered({ status, message }: Refusal): string {
  const words = webPage(message)?.replace(/,$/, '') ?? message.replaceAll(/\s+/g, ' ').slice(0, 500);
  return `it answered ${status}: ${words}`;
}

function unauthorized({ status, message }: Refusal, { keyVariable }: ProviderWords): Meaning {
  return {
    code: 'provider_unauthorized',
    // A 401's own message quotes the key.
    what: status === 401 ? 'it does not accept the API key (401)' : `it refuses access (403): ${message}`,
    hint: `Check provider.api_key or the variable ${keyVariable}, and that the key may use batches.`,
  };
}

function notFound(refusal: Refusal, call: Call): Meaning {
  if (call.notFound === 'file' || isFileNotReady(refusal.message))
    return { code: 'file_not_found', what: answered(refusal), retryable: true };
  if (call.notFound === 'batch') return { code: 'batch_not_found', what: answered(refusal) };
  return {
    code: 'provider_not_found',
    what: answered(refusal),
    hint: `Check provider.base_url: ${call.words.address}, and the server must offer ${call.words.paths}.`,
  };
}

function tooLarge(refusal: Refusal): Meaning {
  return {
    code: 'file_too_large',
    what: answered(refusal),
    hint: 'Set batch.max_bytes to what this server accepts.',
  };
}

function rateLimited(refusal: Refusal): Meaning {
  if (
    refusal.code === 'insufficient_quota' ||
    /insufficient_quota|exceeded your current quota/i.test(refusal.message)
  )
    return {
      code: 'insufficient_quota',
      what: answered(refusal),
      hint: 'The account has no credit left; add some, then run again.',
    };
  return { code: 'rate_limited', what: answered(refusal), retryable: true };
}

/** A file that was uploaded a moment ago may not be known everywhere yet. */
function isFileNotReady(message: string): boolean {
  return /(cannot|could not|can't) find (the )?(input )?file|file .{0,80}(not found|does not exist|not (yet )?(ready|processed))/i.test(
    message,
  );
}

function connectionError(error: unknown, call: Call): BatchlineError {
  const reason = deepestCause(error);
  const code = errorCode(reason) ?? '';
  const isCertificate = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|TLS|SSL/.test(code);
  const isWrongName = call.isFirst === true && code === 'ENOTFOUND';
  const isProxy = /proxy authentication|proxy response \((?:401|403|407)\)/i.test(errorMessage(reason));
  const isRedirect = /redirect/i.test(errorMessage(reason));
  return new BatchlineError(
    'provider_unreachable',
    `${call.host} cannot be reached, while ${call.doing}: ${call.redact(describe(error, reason, code))}`,
    {
      where: call.host,
      hint: isProxy ? proxyHint : connectionHint(isCertificate, isRedirect),
      retryable: !isCertificate && !isRedirect && !isWrongName && !isProxy,
      ...outcome(call, isUnsent(reason, code) || isCertificate ? 'absent' : 'unknown'),
      cause: withoutSecrets(error, call),
    },
  );
}

/** Whether there was no connection yet by which the request could have left. */
function isUnsent(reason: unknown, code: string): boolean {
  const syscall = reason instanceof Error && 'syscall' in reason ? reason.syscall : undefined;
  return (
    syscall === 'connect' ||
    syscall === 'getaddrinfo' ||
    code === 'UND_ERR_CONNECT_TIMEOUT' ||
    /proxy response/i.test(errorMessage(reason))
  );
}

const proxyHint =
  'The proxy wants a name and a password, or lets nobody through to this host: HTTPS_PROXY=http://name:password@host:port.';

function connectionHint(isCertificate: boolean, isRedirect: boolean): string {
  if (isCertificate)
    return 'Its certificate is not trusted here; NODE_EXTRA_CA_CERTS names further authorities.';
  if (isRedirect) return 'It redirects; set provider.base_url to the address that it redirects to.';
  return 'Check provider.base_url, the network, and HTTPS_PROXY, HTTP_PROXY and NO_PROXY where there is a proxy.';
}

const plainWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name server does not answer',
  ETIMEDOUT: 'it did not answer in time',
  UND_ERR_BODY_TIMEOUT: 'its answer stopped halfway',
  UND_ERR_CONNECT_TIMEOUT: 'it did not answer in time',
};

function describe(error: unknown, reason: unknown, code: string): string {
  if (
    error instanceof Error &&
    (error.name === 'TimeoutError' || error.constructor.name === 'APIConnectionTimeoutError')
  )
    return 'it did not answer in time';
  const words = plainWords[code] ?? errorMessage(reason);
  return code === '' ? words : `${words} (${code})`;
}

/** fetch wraps the system's error in a TypeError, and the SDK that in one of its own. */
function deepestCause(error: unknown): unknown {
  let reason = error;
  while (reason instanceof Error && reason.cause instanceof Error) reason = reason.cause;
  if (reason instanceof AggregateError && reason.errors.length > 0) return reason.errors[0];
  return reason;
}

/** The SDK's errors carry the server's words, which may quote the key; only a cleaned message is passed on. */
function withoutSecrets(error: unknown, call: Call): Error {
  return new Error(call.redact(errorMessage(error)));
}
