import { Assembler } from 'stream-json/core/assembler.js';
import type { Token } from 'stream-json/core/parser.js';
import { parseExactJson } from '../../core/exact-json.ts';
import type { BatchlineError } from '../../core/errors.ts';
import { mostLevels, mostParts, tooDeep, tooManifold } from '../../core/nesting.ts';
import type { Value } from '../../core/value.ts';

/** An element of a list. */
export interface Element {
  readonly value: Value;
  /** The digits of the numbers in its key. */
  readonly keyDigits: ReadonlyMap<string, string>;
  /** Why it is not to be read. */
  readonly fault: BatchlineError | null;
}

/** Puts the elements of a list together out of their tokens, without losing a digit of a number. */
export class ListAssembler extends Assembler<Value[]> {
  readonly #keyNames: ReadonlySet<string>;
  #keyDigits = new Map<string, string>();
  #fault: BatchlineError | null = null;
  #parts = 0;
  /** Set where the element is too large: of what it holds then nothing is kept but its key. */
  isTooLarge = false;

  constructor(keyNames: readonly string[]) {
    super();
    this.#keyNames = new Set(keyNames);
  }

  /** Whether the next token begins an element. */
  get isBetweenElements(): boolean {
    return this.depth === 1;
  }

  /** The element that `token` completes; undefined where it completes none. */
  add(token: Token): Element | undefined {
    this.consume(token);
    if (token.name === 'startObject' || token.name === 'startArray') this.#begin();
    if (this.isTooLarge && this.depth > 1) this.#forget();
    if (this.depth !== 1 || this.current === null || this.current.length === 0) return undefined;
    const keyDigits = this.#keyDigits;
    if (keyDigits.size > 0) this.#keyDigits = new Map();
    const fault = this.#fault;
    this.#fault = null;
    this.#parts = 0;
    return { value: this.current.pop() as Value, keyDigits, fault };
  }

  #begin(): void {
    this.#parts += 1;
    if (this.#fault !== null) return;
    if (this.depth > mostLevels + 1) this.#fault = tooDeep();
    else if (this.#parts > mostParts) this.#fault = tooManifold();
    // Nothing more of it is needed.
    if (this.#fault !== null) this.isTooLarge = true;
  }

  #forget(): void {
    const current = this.current as Value[] | Record<string, Value> | null;
    if (Array.isArray(current)) current.length = 0;
    else if (current !== null) {
      const isElement = this.depth === 2;
      for (const name of Object.keys(current)) {
        if (!isElement) delete current[name];
        else if (!this.#keyNames.has(name)) current[name] = null;
      }
    }
  }

  override numberValue(digits: string): void {
    if (this.depth === 2 && this.key !== null && this.#keyNames.has(this.key))
      this.#keyDigits.set(this.key, digits);
    const mayLose = digits.length > 15 || /e/i.test(digits);
    const value = mayLose ? parseExactJson(digits) : Number(digits);
    // It stores whatever it is given.
    this.stringValue(value as string);
  }
}
