import {
  type Answer,
  type Billing,
  type ClassifiedResult,
  noUsage,
  type Usage,
  usualBilling,
} from '../core/batch-result.ts';
import type { LeafMeanings } from '../core/dialect.ts';
import type { AnswerJudge } from './answer-judge.ts';
import { learnShape, type LineShape, slot } from './line-shape.ts';
import type { ParsingReader } from './parsing-reader.ts';

/** A file's lines have one shape, or a few: with and without a cached prompt, ended and cut off. */
const mostShapes = 4;
/** How many lines that fit no shape are parsed before another is learned in place of an old one. */
const patience = 256;
/** A block this large is one long line, which is not worth a second copy. */
const mostBytes = 4 << 20;
/** V8 copies a substring that is shorter than this. */
const copiedLength = 13;

export interface ShapeReaderOptions {
  readonly parser: ParsingReader;
  readonly meanings: LeafMeanings;
  readonly judge: AnswerJudge;
  readonly wantsRequestId: boolean;
}

/**
 * Understands result lines without parsing them: a line that is made of the same constant pieces as one that was parsed
 * before says the same, but for what stands between them. Any other line is parsed. What comes out is what parsing
 * would have given.
 */
export class ShapeReader {
  readonly #parser: ParsingReader;
  readonly #meanings: LeafMeanings;
  readonly #judge: AnswerJudge;
  readonly #wantsRequestId: boolean;
  readonly #shapes: LineShape[] = [];
  #misses = 0;
  #block: Buffer | undefined;
  /** The block's bytes, one a character, so that positions in it are positions in the block. */
  #text = '';
  /** Where each slot of the line that fits begins and ends; counts are in `#counts`. */
  readonly #starts = new Uint32Array(slot.cacheWriteTokens + 1);
  readonly #ends = new Uint32Array(slot.cacheWriteTokens + 1);
  readonly #counts = new Float64Array(slot.cacheWriteTokens + 1);
  /** Whether the content has an escape in it. */
  #isEscaped = false;

  constructor({ parser, meanings, judge, wantsRequestId }: ShapeReaderOptions) {
    this.#parser = parser;
    this.#meanings = meanings;
    this.#wantsRequestId = wantsRequestId;
    this.#judge = judge;
  }

  read(block: Buffer, start: number, end: number): ClassifiedResult {
    if (block.length > mostBytes) return this.#parser.read(block, start, end);
    if (this.#block !== block) {
      this.#block = block;
      this.#text = block.toString('latin1');
    }
    for (let index = 0; index < this.#shapes.length; index += 1) {
      const result = this.#readAs(this.#shapes[index], block, start, end);
      if (result === undefined) continue;
      if (index > 0) this.#moveToFront(index);
      return result;
    }
    const result = this.#parser.read(block, start, end);
    if (result.kind === 'ok') this.#learn(start, end, result.answer);
    return result;
  }

  readCut(ends: Buffer, bytes: number): ClassifiedResult {
    return this.#parser.readCut(ends, bytes);
  }

  textOf(line: Buffer): string | null {
    return this.#parser.textOf(line);
  }

  #readAs(
    shape: LineShape | undefined,
    block: Buffer,
    start: number,
    end: number,
  ): ClassifiedResult | undefined {
    return shape !== undefined && this.#fits(shape, start, end) ? this.#resultOf(shape, block) : undefined;
  }

  #moveToFront(index: number): void {
    this.#shapes.unshift(...this.#shapes.splice(index, 1));
  }

  #learn(start: number, end: number, answer: Answer): void {
    this.#misses += 1;
    if (this.#shapes.length === mostShapes && this.#misses % patience !== 0) return;
    const shape = learnShape(this.#text.slice(start, end), answer, this.#meanings);
    if (shape === undefined) return;
    this.#shapes.unshift(shape);
    this.#shapes.length = Math.min(this.#shapes.length, mostShapes);
  }

  /** Notes where the slots are. @returns whether the line is of this shape to its end */
  #fits({ segments, slots }: LineShape, start: number, end: number): boolean {
    const text = this.#text;
    let at = start;
    for (let index = 0; ; index += 1) {
      const segment = segments[index] ?? '';
      const next = at + segment.length;
      // V8 compares a substring ten times faster than startsWith does.
      if (text.substring(at, next) !== segment) return false;
      if (index === slots.length) return next === end;
      const kind = slots[index] ?? slot.skippedText;
      at =
        kind === slot.skippedNumber || kind >= slot.inputTokens
          ? this.#count(kind, next)
          : this.#textSlot(kind, next);
      if (at === -1) return false;
    }
  }

  /** Reads a whole number without a sign. @returns where it ends; -1 where it is another kind of number */
  #count(kind: number, start: number): number {
    const text = this.#text;
    let value = 0;
    let at = start;
    for (; ; at += 1) {
      const digit = text.charCodeAt(at) - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
    }
    const digits = at - start;
    if (digits === 0 || digits > 15 || (digits > 1 && text.charCodeAt(start) === 0x30)) return -1;
    this.#counts[kind] = value;
    return at;
  }

  /** @returns where a text ends, before its quotation mark; -1 where it is not a plain one */
  #textSlot(kind: number, start: number): number {
    const end = kind === slot.content ? this.#contentEnd(start) : this.#plainEnd(start);
    this.#starts[kind] = start;
    this.#ends[kind] = end === -1 ? start : end;
    return end;
  }

  /** Ids are short and plain ASCII. */
  #plainEnd(start: number): number {
    const text = this.#text;
    for (let at = start; ; at += 1) {
      const code = text.charCodeAt(at);
      if (code === 0x22) return at;
      if (!(code >= 0x20 && code < 0x7f) || code === 0x5c) return -1;
    }
  }

  #contentEnd(start: number): number {
    let at = start;
    this.#isEscaped = false;
    for (;;) {
      special.lastIndex = at;
      if (!special.test(this.#text)) return -1;
      at = special.lastIndex - 1;
      const code = this.#text.charCodeAt(at);
      if (code === 0x22) return at;
      if (code !== 0x5c) return -1;
      this.#isEscaped = true;
      at += 2;
    }
  }

  /** Undefined where the content or the id is one that only the parser can judge. */
  #resultOf(shape: LineShape, block: Buffer): ClassifiedResult | undefined {
    const text = this.#contentOf(block);
    const customId = this.#slice(block, slot.customId);
    if (text === undefined || customId === '') return undefined;
    const requestId =
      this.#wantsRequestId && shape.has[slot.requestId] ? this.#slice(block, slot.requestId) : '';
    return this.#judge.judge({
      customId,
      requestId: requestId === '' ? null : requestId,
      reply: {
        text,
        refusal: null,
        finishReason: shape.finishReason,
        vector: null,
        isEmpty: false,
        hasCalls: false,
        model: shape.model,
        usage: this.#usageOf(shape),
        billing: this.#billingOf(shape),
      },
      body: null,
    });
  }

  /** A copy: a substring would keep its whole block alive for as long as it lives itself. */
  #slice(block: Buffer, kind: number): string {
    const start = this.#starts[kind] ?? 0;
    const end = this.#ends[kind] ?? 0;
    return end - start < copiedLength
      ? this.#text.substring(start, end)
      : block.toString('latin1', start, end);
  }

  #contentOf(block: Buffer): string | undefined {
    const start = this.#starts[slot.content] ?? 0;
    const end = this.#ends[slot.content] ?? 0;
    if (!this.#isEscaped) return block.toString('utf8', start, end);
    try {
      return JSON.parse(block.toString('utf8', start - 1, end + 1)) as string;
    } catch {
      return undefined;
    }
  }

  #usageOf({ hasUsage, has }: LineShape): Usage {
    if (!hasUsage) return noUsage;
    const counts = this.#counts;
    return {
      input_tokens: has[slot.inputTokens] ? (counts[slot.inputTokens] ?? null) : null,
      output_tokens: has[slot.outputTokens] ? (counts[slot.outputTokens] ?? null) : null,
      total_tokens: has[slot.totalTokens] ? (counts[slot.totalTokens] ?? null) : null,
      cached_tokens: has[slot.cachedTokens] ? (counts[slot.cachedTokens] ?? null) : null,
    };
  }

  #billingOf({ tier, has }: LineShape): Billing {
    const cacheWrite = has[slot.cacheWriteTokens] ? (this.#counts[slot.cacheWriteTokens] ?? 0) : 0;
    return tier === null && cacheWrite === 0 ? usualBilling : { tier, cacheWrite, cacheWriteBriefly: 0 };
  }
}

/** What ends a JSON text, begins an escape, or may not stand in one. */
const special = /["\\\u0000-\u001f]/g;
