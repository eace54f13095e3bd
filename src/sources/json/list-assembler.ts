import { Assembler } from 'stream-json/core/assembler.js';
import type { Token } from 'stream-json/core/parser.js';
import { parseExactJson } from '../../core/exact-json.ts';
import type { Value } from '../../core/value.ts';

/** Puts the elements of a list together out of their tokens, without losing a digit of a number. */
export class ListAssembler extends Assembler<Value[]> {
  readonly #keyNames: ReadonlySet<string>;
  #keyDigits = new Map<string, string>();

  constructor(keyNames: readonly string[]) {
    super();
    this.#keyNames = new Set(keyNames);
  }

  /** Whether the next token begins an element. */
  get isBetweenElements(): boolean {
    return this.depth === 1;
  }

  /** The element that `token` completes, and the digits of the numbers in its key; undefined where it completes none. */
  add(token: Token): { readonly value: Value; readonly keyDigits: ReadonlyMap<string, string> } | undefined {
    this.consume(token);
    if (this.depth !== 1 || this.current === null || this.current.length === 0) return undefined;
    const keyDigits = this.#keyDigits;
    if (keyDigits.size > 0) this.#keyDigits = new Map();
    return { value: this.current.pop() as Value, keyDigits };
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
