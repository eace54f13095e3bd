import type { Dispatcher } from './dispatcher.ts';
import { watchedBody } from './silent-body.ts';
import { sendText } from './text-request.ts';

/** How one call is made. */
export interface Manner {
  /** The longest time without a byte of its answer, in milliseconds. */
  readonly silenceMs: number;
  /** Whether it may be sent on to another address: true of what only reads, and carries nothing worth stealing. */
  readonly follows: boolean;
}

type Fetch = (url: string | URL | Request, init?: RequestInit) => Promise<Response>;

const mostRedirects = 10;

/** What a storage needs to hand out a file; all else may hold a key, or say whose account it is. */
const harmless: ReadonlySet<string> = new Set(['accept', 'accept-encoding', 'range', 'user-agent']);

/**
 * The built-in fetch, with a limit on the silence of every answer. What is text both ways goes without its streams.
 *
 * `redirect: 'error'` and `window: null` keep it from holding a whole upload in memory
 * (https://github.com/nodejs/undici/issues/4058), so that redirects are followed here.
 */
export function patientFetch({ silenceMs, follows }: Manner, dispatcher: Dispatcher | undefined): Fetch {
  const common = { window: null, ...(dispatcher === undefined ? {} : { dispatcher }) };
  return async (url, init) => {
    const given = { ...init, ...common };
    const address = url instanceof Request ? url.url : url.toString();
    const { method = 'GET', headers: sent, body = null, signal = null } = given;
    if (!follows && dispatcher !== undefined && (body === null || typeof body === 'string'))
      return sendText(dispatcher, {
        url: new URL(address),
        method,
        headers: new Headers(sent),
        body,
        signal,
        silenceMs,
      });
    const { response, abort } = await (follows ? following(address, given) : begin(address, given, 'error'));
    if (response.body === null) return response;
    const { status, statusText, headers } = response;
    return new Response(watchedBody(response.body, silenceMs, abort), { status, statusText, headers });
  };
}

interface Begun {
  readonly response: Response;
  /** Breaks it off, whatever of it is still to come. */
  readonly abort: (reason: unknown) => void;
}

async function begin(url: string, init: RequestInit, redirect: 'error' | 'manual'): Promise<Begun> {
  const controller = new AbortController();
  const signals = [controller.signal, ...(init.signal ? [init.signal] : [])];
  const response = await fetch(url, { ...init, redirect, signal: AbortSignal.any(signals) });
  return { response, abort: (reason) => controller.abort(reason) };
}

/** Another origin gets neither key nor any other header that says who asks. */
async function following(first: string, init: RequestInit): Promise<Begun> {
  let url = new URL(first);
  let headers = new Headers(init.headers);
  for (let redirects = 0; ; redirects += 1) {
    const begun = await begin(url.href, { ...init, headers }, 'manual');
    const { response } = begun;
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) {
      if (url.origin !== new URL(first).origin && !response.ok) throw new StorageError(url, response.status);
      return begun;
    }
    begun.abort(new Error('redirected'));
    const next = URL.parse(location, url.href);
    if (next === null || !/^https?:$/.test(next.protocol)) throw new Error('redirect to no http address');
    if (redirects === mostRedirects) throw new Error(`more than ${mostRedirects} redirects`);
    if (next.origin !== url.origin)
      headers = new Headers([...headers].filter(([name]) => harmless.has(name.toLowerCase())));
    url = next;
  }
}

/** Another server than the provider's refused; its status says nothing of the provider's key or file. */
class StorageError extends Error {
  constructor({ host }: URL, status: number) {
    super(`${host}, where the file lies, answered ${status}`);
  }
}
