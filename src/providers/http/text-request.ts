import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import type { Dispatcher } from './dispatcher.ts';

/** A request whose body is text, or that has none. */
export interface TextRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string | null;
  readonly signal: AbortSignal | null;
  /** The longest time without a byte of its answer, in milliseconds. */
  readonly silenceMs: number;
}

/**
 * Sends a request without fetch, whose streams cost several times the memory and the time of a small answer.
 *
 * @returns once the answer has begun; its `text()` resolves when it has come whole. It is the only way to read it.
 */
export function sendText(dispatcher: Dispatcher, request: TextRequest): Promise<Response> {
  const { url, method, headers, body, signal, silenceMs } = request;
  const exchange = new TextExchange(signal);
  // It would have to be decompressed here; answers are short.
  const accepted = { 'accept-encoding': 'identity', ...Object.fromEntries(headers) };
  const { origin } = url;
  const path = `${url.pathname}${url.search}`;
  dispatcher.dispatch(
    {
      origin,
      path,
      method,
      headers: accepted,
      body,
      bodyTimeout: silenceMs,
    },
    exchange,
  );
  return exchange.response;
}

type Handler = Parameters<Dispatcher['dispatch']>[1];
type Controller = Parameters<NonNullable<Handler['onRequestStart']>>[0];
type HeaderMap = Parameters<NonNullable<Handler['onResponseStart']>>[2];

/** Gathers what comes back of one request. */
class TextExchange implements Handler {
  readonly #begun = Promise.withResolvers<Response>();
  readonly #text = Promise.withResolvers<string>();
  readonly #signal: AbortSignal | null;
  readonly #parts: Buffer[] = [];
  #controller: Controller | null = null;
  /** Kept until it is whole: the SDKs stop listening for a signal once nobody holds the answer. */
  #answer: WholeAnswer | null = null;

  constructor(signal: AbortSignal | null) {
    this.#signal = signal;
    // Nobody may have asked for it when it breaks off.
    this.#text.promise.catch(() => {});
    if (signal?.aborted === true) this.#onAbort();
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get response(): Promise<Response> {
    return this.#begun.promise;
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#signal?.aborted === true) controller.abort(reasonOf(this.#signal));
  }

  onResponseStart(controller: Controller, status: number, headers: HeaderMap, statusText = ''): void {
    if (status < 200) return;
    if (redirects.has(status)) return controller.abort(new Error('unexpected redirect'));
    this.#answer = new WholeAnswer(this.#text.promise, { status, statusText, headers: headersOf(headers) });
    this.#begun.resolve(this.#answer);
  }

  onResponseData(_controller: Controller, part: Buffer): void {
    this.#parts.push(part);
  }

  onResponseEnd(): void {
    const bytes = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    const encoding = this.#answer?.headers.get('content-encoding') ?? '';
    this.#text.resolve(decoded(bytes ?? Buffer.alloc(0), encoding));
    this.#end();
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.#fail(error);
  }

  readonly #onAbort = (): void => {
    const reason = reasonOf(this.#signal);
    this.#controller?.abort(reason);
    this.#fail(reason);
  };

  #fail(error: unknown): void {
    this.#begun.reject(error);
    this.#text.reject(error);
    this.#end();
  }

  #end(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#answer = null;
  }
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** A Response would be given a stream to read from. */
class WholeAnswer extends Response {
  override readonly text: () => Promise<string>;

  constructor(text: Promise<string>, init: ResponseInit) {
    super(null, init);
    this.text = () => text;
  }
}

function headersOf(map: HeaderMap): Headers {
  const headers = new Headers();
  for (const [name, value = []] of Object.entries(map))
    for (const one of typeof value === 'string' ? [value] : value) headers.append(name, one);
  return headers;
}

function reasonOf(signal: AbortSignal | null): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new DOMException('aborted', 'AbortError');
}

const decoders: Readonly<Record<string, (bytes: Buffer) => Promise<Buffer>>> = {
  gzip: promisify<Buffer, Buffer>(gunzip),
  'x-gzip': promisify<Buffer, Buffer>(gunzip),
  deflate: promisify<Buffer, Buffer>(inflate),
  br: promisify<Buffer, Buffer>(brotliDecompress),
  zstd: promisify<Buffer, Buffer>(zstdDecompress),
};

const utf8 = new TextDecoder();

/** Some servers compress whether they are asked to or not; the last encoding that is named was put on last. */
function decoded(bytes: Buffer, encodings: string): string | Promise<string> {
  const named = encodings.split(',').map((name) => decoders[name.trim().toLowerCase()]);
  if (named.every((decode) => decode === undefined)) return utf8.decode(bytes);
  return named
    .reduceRight(
      async (whole, decode) => (decode === undefined ? whole : decode(await whole)),
      Promise.resolve(bytes),
    )
    .then((whole) => utf8.decode(whole));
}
