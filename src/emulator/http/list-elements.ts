import { StringDecoder } from 'node:string_decoder';

/** What a list that is read element by element may be. */
export interface ListLimits {
  /** The largest element, and the most that may stand around the list. */
  readonly mostBytes: number;
}

/** A body that is no JSON, or holds too much at once. */
export class ListError extends Error {
  override readonly name = 'ListError';
  readonly kind: 'malformed' | 'too_large';

  constructor(kind: 'malformed' | 'too_large', message: string) {
    super(message);
    this.kind = kind;
  }
}

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const openBracket = 0x5b;
const closeBrace = 0x7d;
const closeBracket = 0x5d;

/**
 * Takes the objects of one list out of a JSON object as its bytes arrive, `{"NAME": [{...}, {...}]}`, holding one at a
 * time. What stands around them is kept, with a zero in each one's place, and parsed in the end.
 */
export class ListElements {
  readonly #name: RegExp;
  readonly #mostBytes: number;
  readonly #decoder = new StringDecoder('utf8');
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #isInList = false;
  #element: Buffer[] = [];
  #elementBytes = 0;
  #around = '';

  constructor(name: string, { mostBytes }: ListLimits) {
    this.#name = new RegExp(`"${RegExp.escape(name)}"\\s*:\\s*$`);
    this.#mostBytes = mostBytes;
  }

  /** The elements that end in these bytes. @throws ListError */
  *add(bytes: Buffer): Generator {
    let from = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      if (this.#isInString) this.#passString(byte);
      else if (byte === quote) this.#isInString = true;
      else if (byte === openBrace || byte === openBracket) {
        if (this.#depth === 1) {
          this.#keep(bytes.subarray(from, at));
          this.#isInList = this.#name.test(this.#around);
          from = at;
        } else if (this.#depth === 2 && this.#isInList) {
          this.#keep(bytes.subarray(from, at));
          from = at;
        }
        this.#depth += 1;
      } else if (byte === closeBrace || byte === closeBracket) {
        this.#depth -= 1;
        if (this.#depth !== 2 || !this.#isInList) continue;
        this.#collect(bytes.subarray(from, at + 1));
        from = at + 1;
        this.#around += '0';
        yield this.#take();
      }
    }
    if (this.#depth > 2 && this.#isInList) this.#collect(bytes.subarray(from));
    else this.#keep(bytes.subarray(from));
  }

  /** The whole, with a zero in each element's place. @throws ListError */
  end(): unknown {
    return parse(this.#around + this.#decoder.end());
  }

  #passString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === backslash) this.#isEscaped = true;
    else if (byte === quote) this.#isInString = false;
  }

  #collect(bytes: Buffer): void {
    this.#elementBytes += bytes.length;
    if (this.#elementBytes > this.#mostBytes) throw tooLarge();
    this.#element.push(bytes);
  }

  #take(): unknown {
    const text = Buffer.concat(this.#element).toString('utf8');
    this.#element = [];
    this.#elementBytes = 0;
    return parse(text);
  }

  #keep(bytes: Buffer): void {
    this.#around += this.#decoder.write(bytes);
    if (this.#around.length > this.#mostBytes) throw tooLarge();
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ListError('malformed', error instanceof Error ? error.message : String(error));
  }
}

function tooLarge(): ListError {
  return new ListError('too_large', 'one element of the list is too large');
}
