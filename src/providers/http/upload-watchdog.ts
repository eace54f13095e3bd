import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { BatchlineError, type BatchlineErrorOptions } from '../../core/errors.ts';

interface RequestMessage {
  readonly request: { readonly headers?: unknown };
}

/** The header by which an upload is told from the other requests of the process. */
export const uploadHeader = 'x-client-request-id';

/**
 * Watches one upload of the built-in fetch and aborts it when no byte has left for a while; fetch itself would wait
 * without end. undici says on its diagnostics channels which request sent how much
 * (https://undici.nodejs.org/#/docs/api/DiagnosticsChannel).
 */
export class UploadWatchdog implements Disposable {
  readonly #controller = new AbortController();
  readonly #id: string;
  readonly #answerMs: number;
  #timer: NodeJS.Timeout;
  #request: unknown;

  /**
   * @param id the value of the request's `uploadHeader`
   * @param silenceMs the longest time without a byte sent
   * @param answerMs the longest time from the last byte sent to the answer
   */
  constructor(id: string, silenceMs: number, answerMs: number) {
    this.#id = id;
    this.#answerMs = answerMs;
    this.#timer = setTimeout(() => this.#controller.abort(), silenceMs);
    subscribe('undici:request:create', this.#onCreate);
    subscribe('undici:request:bodyChunkSent', this.#onChunk);
    subscribe('undici:request:bodySent', this.#onSent);
  }

  /** Aborted when the upload has stalled. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What a stalled upload is told as. @param doing follows "while" */
  stalled(host: string, doing: string, options: BatchlineErrorOptions = {}): BatchlineError {
    const message = `${host}, while ${doing}: no byte moved for too long`;
    return new BatchlineError('upload_stalled', message, { retryable: true, ...options });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    unsubscribe('undici:request:create', this.#onCreate);
    unsubscribe('undici:request:bodyChunkSent', this.#onChunk);
    unsubscribe('undici:request:bodySent', this.#onSent);
  }

  readonly #onCreate = (message: unknown): void => {
    const { request } = message as RequestMessage;
    if (Array.isArray(request.headers) && request.headers.includes(this.#id)) this.#request = request;
  };

  readonly #onChunk = (message: unknown): void => {
    if ((message as RequestMessage).request === this.#request) this.#timer.refresh();
  };

  readonly #onSent = (message: unknown): void => {
    if ((message as RequestMessage).request !== this.#request) return;
    // The server now has the file to take in, which is another kind of silence.
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), this.#answerMs);
  };
}
