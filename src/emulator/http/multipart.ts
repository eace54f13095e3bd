import { badRequest, type ApiError } from './api-error.ts';

/** What a multipart body consists of, in its order: of each part its head, its data in pieces, its end. */
export type MultipartEvent =
  | { readonly type: 'part'; readonly name: string; readonly filename: string | null }
  | { readonly type: 'data'; readonly bytes: Buffer }
  | { readonly type: 'end' };

const longestHead = 16_384;
const headEnd = Buffer.from('\r\n\r\n');

/** The boundary that a `content-type: multipart/form-data; boundary=...` names. @throws ApiError 400 */
export function multipartBoundary(contentType: string | undefined): string {
  const match = /^multipart\/form-data\s*;.*?boundary=(?:"([^"]{1,200})"|([^;\s"]{1,200}))/i.exec(
    contentType ?? '',
  );
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) {
    throw malformed('The request must be sent as multipart/form-data with a boundary');
  }
  return boundary;
}

/**
 * Parses a multipart/form-data body (RFC 7578) as it arrives, holding at most one chunk and one delimiter's length.
 * Data pieces are views of the chunks: use them before asking for the next event.
 *
 * @throws ApiError 400 where the body breaks off or is malformed
 */
export async function* parseMultipart(
  chunks: AsyncIterable<Uint8Array>,
  boundary: string,
): AsyncGenerator<MultipartEvent> {
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  const input = new PendingInput(chunks);
  // The first delimiter has no line end before it; with one put there, all are alike.
  input.prepend(Buffer.from('\r\n'));
  await skipPreamble(input, delimiter);
  while (await isPartNext(input)) {
    yield readHead(await input.takeThrough(headEnd, longestHead));
    for (;;) {
      const found = input.takeUntil(delimiter);
      if (found.bytes.length > 0) yield { type: 'data', bytes: found.bytes };
      if (found.ended) break;
      await input.pull();
    }
    yield { type: 'end' };
  }
}

async function skipPreamble(input: PendingInput, delimiter: Buffer): Promise<void> {
  while (!input.takeUntil(delimiter).ended) await input.pull();
}

/** After a delimiter: `--` closes the body; a line end, which the head's reader needs to find, begins a part. */
async function isPartNext(input: PendingInput): Promise<boolean> {
  const two = (await input.take(2)).toString('latin1');
  if (two === '--') return false;
  if (two !== '\r\n') throw malformed('A boundary is not followed by a line end');
  return true;
}

function readHead(head: Buffer): MultipartEvent {
  const disposition = /^content-disposition:\s*form-data\s*;(.*)$/im.exec(head.toString('utf8'))?.[1];
  const name = disposition === undefined ? null : parameter(disposition, 'name');
  if (disposition === undefined || name === null) throw malformed('A part has no name');
  return { type: 'part', name, filename: parameter(disposition, 'filename') };
}

function parameter(disposition: string, name: string): string | null {
  const match = new RegExp(`(?:^|[;\\s])${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]+))`, 'i').exec(
    disposition,
  );
  const text = match?.[1]?.replaceAll(/\\(.)/g, '$1') ?? match?.[2];
  return text?.replaceAll('%22', '"') ?? null;
}

function malformed(what: string): ApiError {
  return badRequest(`Could not parse the multipart form: ${what}.`, null, null);
}

/** The bytes that have arrived and are not yet taken. */
class PendingInput {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #pending: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  prepend(bytes: Buffer): void {
    this.#pending = Buffer.concat([bytes, this.#pending]);
  }

  /** Adds the next chunk. */
  async pull(): Promise<void> {
    const next = await this.#chunks.next();
    if (next.done === true) throw malformed('it ends before its last boundary');
    const bytes = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
  }

  /** Takes what comes before the mark, and the mark; where it is not there yet, all that cannot be its beginning. */
  takeUntil(mark: Buffer): { readonly bytes: Buffer; readonly ended: boolean } {
    const at = this.#pending.indexOf(mark);
    if (at !== -1) return { bytes: this.#cut(at, mark.length), ended: true };
    return { bytes: this.#cut(Math.max(0, this.#pending.length - mark.length + 1), 0), ended: false };
  }

  async takeThrough(mark: Buffer, most: number): Promise<Buffer> {
    for (;;) {
      const at = this.#pending.indexOf(mark);
      if (at !== -1) return this.#cut(at, mark.length);
      if (this.#pending.length > most) throw malformed("a part's head is too long");
      await this.pull();
    }
  }

  async take(count: number): Promise<Buffer> {
    while (this.#pending.length < count) await this.pull();
    return this.#cut(count, 0);
  }

  #cut(count: number, skip: number): Buffer {
    const bytes = this.#pending.subarray(0, count);
    this.#pending = this.#pending.subarray(count + skip);
    return bytes;
  }
}
