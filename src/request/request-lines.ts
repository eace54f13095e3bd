import { complaintAbout } from '../core/complaint.ts';
import type { Dialect, Endpoint, PromptTexts, Reply } from '../core/dialect.ts';
import type { DirectResponse } from '../core/direct-side.ts';
import { parseStoredJson } from '../core/exact-json.ts';
import { asMap, type JsonMap } from '../core/json.ts';
import { valueToJson } from '../core/print.ts';
import type { RequestBlock } from '../core/request-block.ts';
import type { Value } from '../core/value.ts';
import { jsonToWire, type WireText } from '../core/wire-text.ts';
import { Asides } from './asides.ts';
import { estimateTokens } from './estimate-tokens.ts';

/** A line, and where id and body stand in it. */
interface Placed {
  readonly line: Buffer;
  readonly endpoint: Endpoint;
  readonly path: string;
  readonly idStart: number;
  readonly idEnd: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
}

/** What stands before the id, and between it and the body, as bytes. */
interface Frame {
  readonly endpoint: Endpoint;
  readonly path: string;
  readonly open: Buffer;
  readonly middle: Buffer;
  readonly close: Buffer;
  readonly keys: FrameKeys;
}

/** The keys of a frame, and what else it says. */
interface FrameKeys {
  readonly id: string;
  readonly body: string;
  readonly others: readonly (readonly [string, string])[];
}

/**
 * Reads and rewrites request lines as they are stored, without their line feeds. Only a body that is looked into is
 * parsed; what stands around it stays as it is, byte by byte.
 */
export class RequestLines {
  readonly #dialect: Dialect;
  readonly #request: RequestBlock;
  readonly #frames: readonly Frame[];
  /** The most tokens that an answer to a line may have; 0 where the request does not say. */
  readonly outputCeiling: number;
  #asides: Asides | null = null;

  /** @param request what the lines were made from; its endpoint may have been changed since */
  constructor(dialect: Dialect, request: RequestBlock) {
    this.#dialect = dialect;
    this.#request = request;
    this.outputCeiling = dialect.outputCeiling?.(request) ?? 0;
    const endpoints = new Set<Endpoint>([request.endpoint, ...(Object.keys(dialect.paths) as Endpoint[])]);
    this.#frames = Array.from(endpoints, (endpoint) => frameOf(dialect, { ...request, endpoint }));
  }

  /** The custom_id. */
  idOf(line: Buffer): string {
    const placed = this.#place(line);
    return placed.line.toString('latin1', placed.idStart, placed.idEnd);
  }

  /** Where requests of the line's kind go. */
  pathOf(line: Buffer): string {
    return this.#place(line).path;
  }

  /** A synchronous answer to the line, as a line of a batch's results, without its end. */
  answered(line: Buffer, response: DirectResponse): string {
    return this.#dialect.resultLine(this.idOf(line), response);
  }

  /** What a line of results says: whose it is, and the reply where there is one. Null where it is no result. */
  saidIn(line: Buffer): { readonly customId: string; readonly reply: Reply | null } | null {
    const parts = this.#dialect.split(jsonIn(line) ?? {});
    if (parts === null) return null;
    const reply = parts.kind === 'answered' ? this.#dialect.reply(this.#request.endpoint, parts.body) : null;
    return { customId: parts.customId, reply };
  }

  /** The body as it was sent, byte by byte. */
  bodyOf(line: Buffer): WireText {
    const placed = this.#place(line);
    return placed.line.toString('latin1', placed.bodyStart, placed.bodyEnd) as WireText;
  }

  /** The body as `request_hash` covers it. */
  askedIn(line: Buffer): WireText {
    this.#asides ??= new Asides(this.#dialect.body(this.#request).pieces);
    return this.#asides.without(this.bodyOf(line));
  }

  /** Estimated prompt tokens, by the same rule as when the line was rendered. */
  tokensOf(line: Buffer): number {
    const { texts, messages } = this.promptIn(line);
    return estimateTokens(
      texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
      messages,
    );
  }

  /** The texts of the prompt. */
  promptIn(line: Buffer): PromptTexts {
    const placed = this.#place(line);
    return this.#dialect.promptTexts(placed.endpoint, JSON.parse(bodyText(placed)) as JsonMap);
  }

  /**
   * The line that asks again.
   *
   * @param line as it was first sent: of several answers only the last is told
   * @param problem what is wrong with the answer, as one sentence
   */
  reasking(line: Buffer, answer: string, problem: string): Buffer {
    return this.#withBody(line, (body) =>
      this.#dialect.reask(body, answer.toWellFormed(), complaintAbout(problem)),
    );
  }

  /**
   * The line as it was first sent, of one that asks again. To be used only of rows that have been asked again: what was
   * first sent may look like that too.
   */
  original(line: Buffer): Buffer {
    return this.#withBody(line, (body) => this.#dialect.asked(body));
  }

  #withBody(line: Buffer, change: (body: JsonMap) => JsonMap): Buffer {
    const placed = this.#place(line);
    const body = parseStoredJson(bodyText(placed)) as JsonMap;
    const changed = change(body);
    if (changed === body) return line;
    const before = placed.line.subarray(0, placed.bodyStart);
    return Buffer.concat([before, print(changed), placed.line.subarray(placed.bodyEnd)]);
  }

  #place(line: Buffer): Placed {
    const placed = this.#find(line) ?? this.#find(this.#rewritten(line));
    if (placed === null) throw new Error('A line of a requests file is no request.');
    return placed;
  }

  /** Some gateways write a file anew, so that one that was downloaded is not what was sent byte by byte. */
  #rewritten(line: Buffer): Buffer {
    const parsed = asMap(parseStoredJson(line.toString('utf8'))) ?? {};
    for (const { open, middle, close, keys } of this.#frames) {
      const [id, body] = [parsed[keys.id], parsed[keys.body]];
      const isOfFrame = keys.others.every(([key, value]) => isSameEnd(parsed[key], value));
      if (typeof id !== 'string' || asMap(body) === undefined || !isOfFrame) continue;
      return Buffer.concat([open, Buffer.from(id), middle, print(body), close]);
    }
    return line;
  }

  #find(line: Buffer): Placed | null {
    for (const frame of this.#frames) {
      const placed = placeIn(line, frame);
      if (placed !== null) return placed;
    }
    return null;
  }
}

function jsonIn(line: Buffer): JsonMap | undefined {
  try {
    return asMap(JSON.parse(line.toString('utf8')));
  } catch {
    return undefined;
  }
}

function bodyText({ line, bodyStart, bodyEnd }: Placed): string {
  return line.toString('utf8', bodyStart, bodyEnd);
}

function print(json: unknown): Buffer {
  return Buffer.from(jsonToWire(valueToJson(json as Value)), 'latin1');
}

function frameOf(dialect: Dialect, request: RequestBlock): Frame {
  const { open, middle, close } = dialect.frame(request);
  return {
    endpoint: request.endpoint,
    path: dialect.path(request),
    open: Buffer.from(open),
    middle: Buffer.from(middle),
    close: Buffer.from(close),
    keys: keysOf(`${open}id${middle}{}${close}`),
  };
}

function keysOf(example: string): FrameKeys {
  const entries = Object.entries(JSON.parse(example) as JsonMap);
  const keyOf = (isIt: (value: unknown) => boolean): string =>
    entries.find(([, value]) => isIt(value))?.[0] ?? '';
  return {
    id: keyOf((value) => value === 'id'),
    body: keyOf((value) => typeof value === 'object'),
    others: entries.flatMap(([key, value]) =>
      typeof value === 'string' && value !== 'id' ? [[key, value]] : [],
    ),
  };
}

/** Gateways change what stands before a path. What is left out says nothing. */
function isSameEnd(found: unknown, expected: string): boolean {
  if (found === undefined || found === null) return true;
  return typeof found === 'string' && found !== '' && (expected.endsWith(found) || found.endsWith(expected));
}

/** Ids hold neither quotation marks nor escapes, so that the first of what stands behind one ends it. */
function placeIn(line: Buffer, { endpoint, path, open, middle, close }: Frame): Placed | null {
  const idStart = open.length;
  const idEnd = line.indexOf(middle[0] ?? 0, idStart);
  const bodyStart = idEnd + middle.length;
  const bodyEnd = line.length - close.length;
  if (idEnd === -1 || !isAt(line, 0, open) || !isAt(line, idEnd, middle) || !isAt(line, bodyEnd, close))
    return null;
  if (line[bodyStart] !== brace.open || line[bodyEnd - 1] !== brace.close) return null;
  return { line, endpoint, path, idStart, idEnd, bodyStart, bodyEnd };
}

const brace = { open: 0x7b, close: 0x7d } as const;

function isAt(line: Buffer, at: number, text: Buffer): boolean {
  return at + text.length <= line.length && line.compare(text, 0, text.length, at, at + text.length) === 0;
}
