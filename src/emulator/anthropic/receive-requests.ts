import { open, rm, type FileHandle } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { isMap, type JsonMap } from '../../core/json.ts';
import { ApiError } from '../http/api-error.ts';
import { ListElements, ListError } from '../http/list-elements.ts';
import type { FileStore } from '../state/file-store.ts';
import { newId } from '../state/ids.ts';
import { invalid, required } from './errors.ts';

/** The limit of a create. Anthropic says "256 MB" and not which. */
const mostBytes = 256_000_000;
/** The limit of one request, as at the synchronous endpoint. */
const mostRequestBytes = 32_000_000;
const writtenAtOnce = 1_000_000;

export interface CreateLimits {
  readonly bytes?: number | undefined;
  readonly requests: number;
}

/** The requests of a batch in a file of lines, which is not a file of the API. */
export interface ReceivedRequests {
  readonly fileId: string;
  readonly count: number;
}

/**
 * Stores the requests of a create as they arrive, a line each. The body is read to its end also where it is refused,
 * so that the client hears the answer.
 *
 * @throws ApiError 400, 413
 */
export async function receiveRequests(
  request: IncomingMessage,
  files: FileStore,
  limits: CreateLimits,
): Promise<ReceivedRequests> {
  const fileId = newId('msgrequests_');
  const path = files.temporaryPath(fileId);
  try {
    const receiver = new Receiver(limits);
    await using file = await open(path, 'w', 0o600);
    for await (const chunk of request as AsyncIterable<Buffer>) await receiver.take(chunk, file);
    const count = await receiver.finish(file);
    await files.keep(fileId);
    return { fileId, count };
  } finally {
    await rm(path, { force: true });
  }
}

class Receiver {
  readonly #limits: CreateLimits;
  readonly #list = new ListElements('requests', { mostBytes: mostRequestBytes });
  readonly #ids = new Set<string>();
  #lines: string[] = [];
  #linesLength = 0;
  #bytes = 0;
  #count = 0;
  #refusal: unknown;

  constructor(limits: CreateLimits) {
    this.#limits = limits;
  }

  async take(chunk: Buffer, file: FileHandle): Promise<void> {
    this.#bytes += chunk.length;
    if (this.#refusal !== undefined) return;
    try {
      const { bytes: most = mostBytes } = this.#limits;
      if (this.#bytes > most)
        throw new ApiError(413, 'Request exceeds the maximum size', { code: 'request_too_large' });
      for (const element of this.#list.add(chunk)) this.#add(element);
    } catch (error) {
      this.#refusal = error;
    }
    if (this.#linesLength > writtenAtOnce) await this.#flush(file);
  }

  /** @returns how many requests there are */
  async finish(file: FileHandle): Promise<number> {
    if (this.#refusal !== undefined) throw inOurWords(this.#refusal);
    this.#checkAround();
    await this.#flush(file);
    return this.#count;
  }

  /** Whatever is wrong with one request's body beyond this stands in its result. */
  #add(element: unknown): void {
    const path = `requests.${this.#count}`;
    if (!isMap(element)) throw notAMap(path);
    const id = checkId(element['custom_id'], `${path}.custom_id`);
    if (this.#ids.has(id)) throw invalid(`${path}.custom_id`, `Duplicate custom_id '${id}'`);
    if (element['params'] === undefined) throw required(`${path}.params`);
    if (!isMap(element['params'])) throw notAMap(`${path}.params`);
    const extra = Object.keys(element).find((name) => name !== 'custom_id' && name !== 'params');
    if (extra !== undefined) throw invalid(`${path}.${extra}`, 'Extra inputs are not permitted');
    this.#ids.add(id);
    this.#count += 1;
    const line = JSON.stringify(element);
    this.#lines.push(line);
    this.#linesLength += line.length;
    const { requests: most } = this.#limits;
    if (this.#count > most)
      throw invalid('requests', `List should have at most ${most} items after validation`);
  }

  #checkAround(): void {
    const body = this.#around();
    const { requests } = body;
    const extra = Object.keys(body).find((name) => name !== 'requests');
    if (requests === undefined) throw required('requests');
    if (!Array.isArray(requests)) throw invalid('requests', 'Input should be a valid list');
    if (requests.length === 0)
      throw invalid('requests', 'List should have at least 1 item after validation, not 0');
    if (requests.length !== this.#count)
      throw notAMap(`requests.${requests.findIndex((entry) => entry !== 0)}`);
    if (extra !== undefined) throw invalid(extra, 'Extra inputs are not permitted');
  }

  #around(): JsonMap {
    try {
      const body = this.#list.end();
      if (isMap(body)) return body;
    } catch (error) {
      throw inOurWords(error);
    }
    throw new ApiError(400, 'Input should be a valid dictionary or object');
  }

  async #flush(file: FileHandle): Promise<void> {
    if (this.#lines.length === 0) return;
    await file.writeFile(`${this.#lines.join('\n')}\n`);
    this.#lines = [];
    this.#linesLength = 0;
  }
}

function checkId(id: unknown, path: string): string {
  if (id === undefined) throw required(path);
  if (typeof id !== 'string') throw invalid(path, 'Input should be a valid string');
  if (id.length === 0) throw invalid(path, 'String should have at least 1 character');
  if (id.length > 64) throw invalid(path, 'String should have at most 64 characters');
  if (!/^[a-zA-Z0-9_-]+$/.test(id))
    throw invalid(path, "String should match pattern '^[a-zA-Z0-9_-]{1,64}$'");
  return id;
}

function notAMap(path: string): ApiError {
  return invalid(path, 'Input should be a valid dictionary or object');
}

function inOurWords(error: unknown): unknown {
  if (!(error instanceof ListError)) return error;
  if (error.kind === 'too_large') return new ApiError(413, 'Request exceeds the maximum size');
  return new ApiError(400, `The request body is not valid JSON: ${error.message}`);
}
