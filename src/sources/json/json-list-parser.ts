import { none, getManyValues, isMany } from 'stream-chain/defs.js';
import { pick } from 'stream-json/core/filters/pick.js';
import { jsonParser, type Token } from 'stream-json/core/parser.js';
import { errorMessage } from '../../core/errors.ts';
import { longestRow } from '../../core/longest-row.ts';
import { maxRecordBytes, RecordFault } from '../file/record-fault.ts';
import type { JsonParser, JsonParserOptions } from './json-record.ts';
import { ListAssembler } from './list-assembler.ts';
import { ListPaths } from './list-paths.ts';
import { RecordCollector } from './record-collector.ts';

type Feed = string | typeof none;

const syntaxHint = 'Make or fetch the file again. If it is JSON Lines, an object a line, use `type: jsonl`.';

/** Parses the elements of one JSON list, which is the whole text or stands in it where `path` says: `data.items`. */
export class JsonListParser implements JsonParser {
  readonly #collector: RecordCollector;
  readonly #tokens = jsonParser({ packValues: true, streamValues: false }) as (text: Feed) => unknown;
  readonly #path: string | null;
  readonly #pick: ((token: Token) => unknown) | null;
  readonly #lists = new ListPaths();
  readonly #assembler: ListAssembler;
  #line = 1;
  #elementLine = 1;
  #elementBytes = 0;
  #hasBegun = false;
  #isEmpty = true;
  /** What should be the list is none. More is read all the same, to see where lists stand. */
  #isRefused = false;

  /** @param path null: the list is the whole text */
  constructor(path: string | null, options: JsonParserOptions) {
    this.#path = path;
    this.#pick = path === null ? null : pick({ filter: path });
    this.#collector = new RecordCollector(options);
    this.#assembler = new ListAssembler(options.keyNames);
  }

  get seen(): number {
    return this.#collector.seen;
  }

  get ready(): number {
    return this.#collector.ready;
  }

  write(bytes: Buffer): void {
    const text = bytes.toString('utf8');
    // Line by line, since the parser does not say where it stopped.
    for (let at = 0; at < text.length;) {
      const end = text.indexOf('\n', at) + 1 || text.length;
      this.#feed(text.slice(at, end));
      if (text.charCodeAt(end - 1) === 0x0a) this.#line += 1;
      at = end;
    }
    if (this.#isRefused) throw this.#notAList();
    this.#checkSize(bytes.length);
  }

  end(): void {
    if (this.#isEmpty) return;
    this.#feed(none);
    if (this.#isRefused) throw this.#notAList();
    if (!this.#hasBegun) throw this.#notPicked();
  }

  take() {
    return this.#collector.take();
  }

  #feed(text: Feed): void {
    for (const token of this.#parse(text)) {
      this.#isEmpty = false;
      if (!this.#hasBegun) this.#lists.see(token);
      if (this.#pick === null) this.#take(token);
      else for (const picked of tokensOf(this.#pick(token))) this.#take(picked);
    }
  }

  #parse(text: Feed): readonly Token[] {
    try {
      return tokensOf(this.#tokens(text));
    } catch (error) {
      if (this.#isRefused) throw this.#notAList();
      const problem = text === none ? 'the text ends too early' : 'the text is not JSON';
      const detail = errorMessage(error).replace(/^Parser (?:cannot parse input: |has )/, '');
      const message = `${problem}, after record ${this.seen}: ${detail}`;
      throw new RecordFault(message, this.#line, { hint: syntaxHint, isRecoverable: false });
    }
  }

  #take(token: Token): void {
    if (!this.#hasBegun) {
      this.#isRefused ||= token.name !== 'startArray';
      if (this.#isRefused) return;
      this.#hasBegun = true;
    }
    if (this.#assembler.isBetweenElements) this.#elementLine = this.#line;
    const element = this.#assembler.add(token);
    if (element === undefined) return;
    const { value, keyDigits, fault } = element;
    const tooLarge = this.#assembler.isTooLarge ? this.#elementBytes : null;
    this.#elementBytes = 0;
    this.#assembler.isTooLarge = false;
    if (fault !== null) this.#collector.addBad(fault.message, this.#elementLine);
    else this.#collector.add(value, this.#elementLine, (name) => keyDigits.get(name) ?? '', tooLarge);
  }

  #checkSize(bytes: number): void {
    this.#elementBytes =
      this.#hasBegun && !this.#assembler.isBetweenElements ? this.#elementBytes + bytes : 0;
    this.#assembler.isTooLarge = this.#elementBytes > longestRow;
    if (this.#elementBytes <= maxRecordBytes) return;
    const hint = 'Set `pick` to the path of the list whose elements are the records.';
    throw new RecordFault('the record is above 64 MB', this.#elementLine, { hint, isRecoverable: false });
  }

  #notAList(): RecordFault {
    const what = this.#path ?? 'the text';
    const advice = this.#path === null ? ' If each line is an object of its own, use `type: jsonl`.' : '';
    const hint = `${this.#pickHint()}${advice}`;
    return new RecordFault(`${what} is no list`, 1, { code: 'not_a_list', hint, isRecoverable: false });
  }

  #notPicked(): RecordFault {
    const message = `there is no ${this.#path} in the text`;
    return new RecordFault(message, 1, { code: 'not_a_list', hint: this.#pickHint(), isRecoverable: false });
  }

  #pickHint(): string {
    const paths = this.#lists.found.filter((path) => path !== '').slice(0, 5);
    if (paths.length > 0) return `Set \`pick\` to the path of the list: ${paths.join(', ')}.`;
    return this.#lists.found.length > 0
      ? 'The whole text is the list: take `pick` out.'
      : 'Set `pick` to the path of the list, as in `pick: data.items`.';
  }
}

/** What a stage of stream-json returns, as a list. */
function tokensOf(output: unknown): readonly Token[] {
  if (output === none) return [];
  return isMany(output) ? (getManyValues(output) as Token[]) : [output as Token];
}
