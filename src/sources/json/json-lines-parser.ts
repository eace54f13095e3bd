import { BatchlineError, errorMessage } from '../../core/errors.ts';
import { parseExactJson } from '../../core/exact-json.ts';
import { longestRow } from '../../core/longest-row.ts';
import { printValue } from '../../core/print.ts';
import type { Value } from '../../core/value.ts';
import { maxRecordBytes, RecordFault } from '../file/record-fault.ts';
import { memberOf, type JsonObject, type JsonParser, type JsonParserOptions } from './json-record.ts';
import { JsonListParser } from './json-list-parser.ts';
import { RecordCollector } from './record-collector.ts';

const lineFeed = 0x0a;

const listHint = 'The file looks like one JSON list: read it with `type: json`.';
const longHint =
  'Each record must stand on one line and end in a line feed; for a JSON list use `type: json`.';

/** Parses JSON Lines: an object a line. Lines end in a line feed only, since U+2028 may stand inside a string. */
export class JsonLinesParser implements JsonParser {
  readonly #collector: RecordCollector;
  readonly #keyNames: readonly string[];
  readonly #members: ReadonlyMap<string, RegExp>;
  #line = 1;
  /** The line that has begun. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Whether the line that has begun is passed over to its end. */
  #isPassed = false;

  constructor(options: JsonParserOptions) {
    this.#keyNames = options.keyNames;
    this.#collector = new RecordCollector(options);
    this.#members = new Map(options.keyNames.map((name) => [name, numericMember(name)]));
  }

  get seen(): number {
    return this.#collector.seen;
  }

  get ready(): number {
    return this.#collector.ready;
  }

  write(bytes: Buffer): void {
    const lineEnd = bytes.indexOf(lineFeed);
    const isEnding = lineEnd !== -1 && (this.#isPassed || this.#heldBytes + lineEnd > longestRow);
    if (isEnding) this.#endLarge(bytes.subarray(0, lineEnd));
    this.#writeLines(isEnding ? bytes.subarray(lineEnd + 1) : bytes);
  }

  #writeLines(bytes: Buffer): void {
    const end = bytes.lastIndexOf(lineFeed) + 1;
    if (end > 0) this.#takeLines(this.#complete(bytes.subarray(0, end)));
    this.#hold(bytes.subarray(end));
  }

  end(): void {
    if (this.#isPassed || this.#heldBytes > longestRow) this.#endLarge(Buffer.alloc(0));
    this.#takeLines(this.#complete(Buffer.alloc(0)));
  }

  take() {
    return this.#collector.take();
  }

  #hold(bytes: Buffer): void {
    if (bytes.length === 0 || this.#isPassed) return;
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes <= maxRecordBytes) return;
    this.#release();
    this.#isPassed = true;
    this.#collector.addBad('the line is above 64 MB', this.#line, longHint);
  }

  #release(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }

  /** Takes a line that is too large to be parsed in one piece; only its key is kept. */
  #endLarge(rest: Buffer): void {
    const pieces = this.#isPassed ? [] : [...this.#held, rest];
    this.#release();
    this.#isPassed = false;
    const parser = new JsonListParser(null, { keyNames: this.#keyNames, onBadRecord: null });
    try {
      for (const piece of [Buffer.from('['), ...pieces, Buffer.from(']')]) parser.write(piece);
      parser.end();
    } catch (error) {
      if (!(error instanceof RecordFault)) throw error;
      this.#collector.addBad(error.message, this.#line);
    }
    const [record, ...more] = parser.take();
    if (more.length > 0) this.#collector.addBad('the line is not JSON: it holds several values', this.#line);
    else if (record !== undefined) this.#collector.adopt({ ...record, line: this.#line });
    this.#line += 1;
  }

  /** The lines that have become whole, as text. */
  #complete(bytes: Buffer): string {
    const whole = this.#held.length === 0 ? bytes : Buffer.concat([...this.#held, bytes]);
    this.#release();
    return whole.toString('utf8');
  }

  #takeLines(text: string): void {
    for (let at = 0; at < text.length;) {
      const found = text.indexOf('\n', at);
      const end = found === -1 ? text.length : found;
      this.#takeLine(text.slice(at, end));
      this.#line += 1;
      at = end + 1;
    }
  }

  #takeLine(text: string): void {
    const first = text.charCodeAt(0);
    if (first !== 0x7b && text.trim() === '') return;
    let value: Value;
    try {
      value = parseExactJson(text);
    } catch (error) {
      if (error instanceof BatchlineError) return this.#collector.addBad(error.message, this.#line);
      const hint = this.#line === 1 && text.startsWith('[') ? listHint : undefined;
      return this.#collector.addBad(`the line is not JSON: ${errorMessage(error)}`, this.#line, hint);
    }
    this.#collector.add(value, this.#line, (name) => this.#digitsIn(text, name, value as JsonObject));
  }

  /** The digits of a number in the key of an object, out of the text that the object was parsed from. */
  #digitsIn(text: string, name: string, object: JsonObject): string {
    const plain = printValue(memberOf(object, name) ?? null);
    const found = Array.from(text.matchAll(this.#members.get(name) as RegExp), (match) => match[1]);
    // Members of that name further down, or in a string, do not matter where they are no different.
    if (found.length > 0 && found.every((digits) => digits === plain)) return plain;
    return sourceDigits(text, name) ?? plain;
  }
}

function numericMember(name: string): RegExp {
  return new RegExp(`${RegExp.escape(JSON.stringify(name))}\\s*:\\s*(-?\\d[\\d.eE+-]*)`, 'g');
}

function sourceDigits(text: string, name: string): string | undefined {
  const digits = new Map<unknown, string>();
  const keep = function (this: unknown, key: string, value: unknown, context?: { source?: string }): unknown {
    const isNumber = key === name && typeof value === 'number';
    if (isNumber && context?.source !== undefined) digits.set(this, context.source);
    return value;
  };
  return digits.get(JSON.parse(text, keep));
}
