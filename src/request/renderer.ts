import type { Dialect, LineFrame } from '../core/dialect.ts';
import { BatchlineError } from '../core/errors.ts';
import type { ItemBatch } from '../core/item-batch.ts';
import type { PartFiles } from '../core/message-part.ts';
import { keyText, customId } from '../core/key.ts';
import { longestRow } from '../core/longest-row.ts';
import type { RequestBlock } from '../core/request-block.ts';
import type { RowBatch } from '../core/row-batch.ts';
import type { Field } from '../core/value.ts';
import type { WireText } from '../core/wire-text.ts';
import { checkFields } from '../expr/template.ts';
import { didYouMean } from '../core/did-you-mean.ts';
import { BodyRenderer } from './body-renderer.ts';
import { type CompiledPiece, compileBody, templatesOf } from './compile-body.ts';
import { estimateTokens } from './estimate-tokens.ts';
import { type InputLimit, type RowProblem, inputLimit } from './input-limit.ts';
import { ItemCollector } from './item-collector.ts';
import { RequestHash } from './request-hash.ts';
import { RowsLine } from './rows-line.ts';

export interface RendererOptions {
  readonly dialect: Dialect;
  readonly request: RequestBlock;
  /** The key's columns, in order. */
  readonly keyNames: readonly string[];
  readonly keyMode: 'auto' | 'hash';
  /** The most bytes of a request line, its line feed included. */
  readonly maxLineBytes: number;
  readonly wantsHash: boolean;
  /** The fields that travel to the sink with each item. */
  readonly carried: readonly string[];
  /** What parts of messages may name. */
  readonly files: PartFiles;
  /** Whether records are split; the first piece of each then says how many there are. */
  readonly countsPieces?: boolean;
}

/** What became of a stretch of a batch's rows. */
export interface RenderedItems extends ItemBatch {
  /** The first row behind the stretch. */
  readonly rowsEnd: number;
}

/** Turns rows into request lines. */
export interface Renderer {
  /**
   * Items of the batch's rows, in order; at least once. Where they are large, as those with images, of some rows at a
   * time.
   *
   * @param batch with the fields that the renderer was created for
   * @throws BatchlineError `null_key` where a part of a row's key is missing
   */
  render(batch: RowBatch): Generator<RenderedItems>;
}

/** Once the lines of a batch's first rows have so many bytes, the others are rendered apart. */
const enoughBytes = 2 * longestRow;

/** The fields that a request's templates read. */
export function requestFields(dialect: Dialect, request: RequestBlock): readonly string[] {
  const names = templatesOf(compileBody(dialect.body(request))).flatMap((template) => template.fields);
  return [...new Set(names)];
}

/**
 * @param fields of the batches that will be rendered
 * @throws BatchlineError `unknown_variable` where a template, or a carried column, names no field;
 *   `invalid_request` where the block cannot make a request of its endpoint
 */
export function createRenderer(options: RendererOptions, fields: readonly Field[]): Renderer {
  const plan = options.dialect.body(options.request);
  const pieces = compileBody(plan);
  for (const template of templatesOf(pieces)) checkFields(template, fields);
  checkCarried(options.carried, fields);
  const limit = inputLimit(options.request.model, options.dialect.facts(options.request), plan.pieces);
  return new RequestRenderer(options, { pieces, messages: plan.messages, limit }, fields);
}

/** How the bodies of a request are made, and what they must not pass. */
interface CompiledBody {
  readonly pieces: readonly CompiledPiece[];
  readonly messages: number;
  readonly limit: InputLimit | null;
}

function checkCarried(carried: readonly string[], fields: readonly Field[]): void {
  const names = fields.map((field) => field.name);
  const unknown = carried.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new BatchlineError(
    'unknown_variable',
    `a sink column reads row.${unknown}, which is no field of the row`,
    {
      hint: didYouMean(unknown, names),
    },
  );
}

class RequestRenderer implements Renderer {
  readonly #options: RendererOptions;
  readonly #body: BodyRenderer;
  readonly #messages: number;
  readonly #isInput: boolean;
  readonly #frame: LineFrame;
  readonly #hash: RequestHash | null;
  readonly #rowsLine: RowsLine;
  readonly #inputLimit: InputLimit | null;
  readonly #close: string;
  /** Bytes a line in the last batch: what the next is likely to need. */
  #bytesPerLine = 1024;

  constructor(options: RendererOptions, { pieces, messages, limit }: CompiledBody, fields: readonly Field[]) {
    const { dialect, request } = options;
    this.#options = options;
    this.#body = new BodyRenderer(pieces, fields, options.files);
    this.#messages = messages;
    this.#isInput = pieces.some((piece) => piece.kind === 'template' && piece.role === 'input');
    this.#frame = dialect.frame(request);
    this.#hash = options.wantsHash ? new RequestHash(dialect.path(request)) : null;
    this.#rowsLine = new RowsLine(options.carried, fields, options.countsPieces ?? false);
    this.#inputLimit = limit;
    this.#close = `${this.#frame.close}\n`;
  }

  *render(batch: RowBatch): Generator<RenderedItems> {
    let row = 0;
    do {
      const items = new ItemCollector(batch.length - row, this.#bytesPerLine, this.#hash !== null);
      for (; row < batch.length && items.bytes < enoughBytes; row += 1) {
        const key = this.#keyOf(batch, row);
        const id = customId(keyText(key), this.#options.keyMode);
        this.#renderRow(batch, row, id, key, items);
      }
      const rendered = items.finish();
      if (rendered.length > 0) this.#bytesPerLine = Math.ceil(rendered.lines.length / rendered.length) + 16;
      yield { ...rendered, rowsEnd: row };
    } while (row < batch.length);
  }

  #renderRow(batch: RowBatch, row: number, id: string, key: readonly WireText[], items: ItemCollector): void {
    try {
      const body = this.#body.render(batch, row);
      const requestHash = this.#hash?.ofText(this.#body.asked(body)) ?? null;
      const { open, middle } = this.#frame;
      const line = (open + id + middle + body + this.#close) as WireText;
      const problem = this.#problemOf(body, line);
      if (problem !== null) {
        const message = `${batch.position(row)}: ${problem.message}`;
        items.fail({ sourceRow: row, customId: id, key, code: problem.code, message, requestHash });
        return;
      }
      const tokens = estimateTokens(this.#body.stringBytes, this.#messages);
      items.add(line, this.#rowsLine.render(batch, row, id, key, requestHash));
      items.describe(row, id, key, tokens, requestHash);
    } catch (error) {
      if (!(error instanceof BatchlineError)) throw error;
      const message = `${batch.position(row)}: ${error.message}`;
      items.fail({ sourceRow: row, customId: id, key, code: error.code, message, requestHash: null });
    }
  }

  #problemOf(body: WireText, line: WireText): RowProblem | null {
    if (this.#body.promptIsBlank()) {
      return this.#isInput
        ? { code: 'empty_input', message: 'the input is empty' }
        : { code: 'empty_prompt', message: 'the prompt is empty' };
    }
    const { maxLineBytes } = this.#options;
    if (line.length > maxLineBytes) {
      const message = `the request line has ${line.length} bytes; a batch file may hold ${maxLineBytes}`;
      return { code: 'line_too_long', message };
    }
    return this.#inputLimit?.(body, this.#body.stringBytes) ?? null;
  }

  #keyOf(batch: RowBatch, row: number): readonly WireText[] {
    const names = this.#options.keyNames;
    const key: WireText[] = [];
    for (let part = 0; part < names.length; part += 1) {
      const text = batch.keyPart(row, part);
      if (text === null) throw nullKey(batch.position(row), names[part] ?? '');
      key.push(text);
    }
    return key;
  }
}

function nullKey(position: string, name: string): BatchlineError {
  return new BatchlineError('null_key', `the key column ${name} is empty in this row`, {
    where: position,
    hint: 'A key must never be null: leave such rows out at the source, or choose another key.',
  });
}
