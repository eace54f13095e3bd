import type { TemplateRole } from '../core/dialect.ts';
import { BatchlineError } from '../core/errors.ts';
import { longestRow } from '../core/longest-row.ts';
import type { PartFiles } from '../core/message-part.ts';
import { type RowBatch, fieldIndex } from '../core/row-batch.ts';
import type { Field } from '../core/value.ts';
import { type WireText, escapeJson, fromWire, unescapedLength } from '../core/wire-text.ts';
import { type CompiledTemplate, templateScope } from '../expr/template.ts';
import type { CompiledPiece } from './compile-body.ts';
import { PartsSlot } from './parts/parts-slot.ts';

/** A place in the body that differs from row to row: a field spliced in, or what is rendered there. */
interface Slot {
  /** The index of the field, or -1 where there is something to render. */
  readonly field: number;
  readonly render: ((batch: RowBatch, row: number) => WireText) | null;
  /** What is rendered, where that is a list of parts. */
  readonly parts: PartsSlot | null;
  readonly isPrompt: boolean;
}

/** Constant text of a body. */
interface Constant {
  readonly sent: WireText;
  /** Without what is no part of what is asked. */
  readonly asked: WireText;
}

/**
 * Renders the bodies of one row after the other as wire text. The constant text between the slots is serialised once;
 * a field that is only spliced in is never decoded.
 */
export class BodyRenderer {
  readonly #head: WireText;
  readonly #slots: readonly Slot[];
  /** The constant text behind each slot. */
  readonly #tails: readonly WireText[];
  /** What `asked` joins with the texts of the slots; null where everything that is sent is asked. */
  readonly #asked: readonly WireText[] | null;
  readonly #constantBytes: number;
  readonly #constantPrompt: boolean;
  readonly #texts: WireText[] = [];

  constructor(pieces: readonly CompiledPiece[], fields: readonly Field[], files: PartFiles) {
    const layout = layOut(pieces, fields, files);
    const [head, ...tails] = layout.constants;
    this.#slots = layout.slots;
    this.#head = head.sent;
    this.#tails = tails.map(({ sent }) => sent);
    const hasAside = pieces.some(({ kind }) => kind === 'aside');
    this.#asked = hasAside ? layout.constants.map(({ asked }) => asked) : null;
    this.#constantBytes = layout.templateBytes;
    this.#constantPrompt = layout.promptHasText;
  }

  /** The bytes of all strings that the last `render` rendered, as UTF-8. */
  stringBytes = 0;

  /** @throws BatchlineError `template_failed`, `part_...`, `line_too_long`, and what the batch throws of a field */
  render(batch: RowBatch, row: number): WireText {
    const slots = this.#slots;
    const tails = this.#tails;
    let body: string = this.#head;
    let bytes = this.#constantBytes;
    for (let index = 0; index < slots.length; index += 1) {
      const slot = slots[index] as Slot;
      const text = slot.render === null ? batch.printed(row, slot.field) : slot.render(batch, row);
      this.#texts[index] = text;
      bytes += slot.parts === null ? unescapedLength(text) : slot.parts.textBytes;
      body += text + (tails[index] as WireText);
      // Before anything needs the text in one piece: it is made of many, and several of them may be the same.
      if (body.length > longestRow) throw tooLong();
    }
    this.stringBytes = bytes;
    return body as WireText;
  }

  /** The body of the last `render` as `request_hash` covers it, which is that body where nothing stands aside. */
  asked(body: WireText): WireText {
    if (this.#asked === null) return body;
    const texts = this.#texts;
    return this.#asked.reduce(
      (text, constant, index) => text + (texts[index - 1] ?? '') + constant,
      '',
    ) as WireText;
  }

  /** Whether the prompt or input of the last `render` is nothing but white space. */
  promptIsBlank(): boolean {
    if (this.#constantPrompt) return false;
    return this.#slots.every(
      ({ parts, isPrompt }, index) =>
        !isPrompt || (parts?.isBlank ?? isBlank(this.#texts[index] as WireText)),
    );
  }
}

function tooLong(): BatchlineError {
  const message = `the request has more than ${longestRow} bytes; cut what the template reads, as by a truncate transform`;
  return new BatchlineError('line_too_long', message);
}

interface Layout {
  readonly constants: [Constant, ...Constant[]];
  readonly slots: Slot[];
  templateBytes: number;
  promptHasText: boolean;
}

const noText: Constant = { sent: '' as WireText, asked: '' as WireText };

function layOut(pieces: readonly CompiledPiece[], fields: readonly Field[], files: PartFiles): Layout {
  const layout: Layout = { constants: [noText], slots: [], templateBytes: 0, promptHasText: false };
  for (const piece of pieces) {
    if (piece.kind === 'template') addTemplate(layout, piece.template, piece.role, fields);
    else if (piece.kind === 'parts') {
      const parts = new PartsSlot(piece.parts, fields, piece.write, files);
      addSlot(layout, { field: -1, render: parts.render.bind(parts), parts, isPrompt: true });
    } else addConstant(layout, piece.text, piece.kind === 'aside');
  }
  return layout;
}

function addTemplate(
  layout: Layout,
  template: CompiledTemplate,
  role: TemplateRole,
  fields: readonly Field[],
): void {
  const isPrompt = role !== 'system';
  if (template.parts === null) {
    addSlot(layout, { field: -1, render: renderTemplate(template, fields), parts: null, isPrompt });
    return;
  }
  for (const part of template.parts) {
    if (part.kind === 'field') {
      addSlot(layout, { field: fieldIndex(fields, part.field), render: null, parts: null, isPrompt });
      continue;
    }
    addConstant(layout, escapeJson(part.text));
    layout.templateBytes += Buffer.byteLength(part.text);
    if (isPrompt && part.text.trim() !== '') layout.promptHasText = true;
  }
}

function addConstant({ constants }: Layout, text: WireText, isAside = false): void {
  const { sent, asked } = constants.at(-1) ?? noText;
  constants[constants.length - 1] = {
    sent: (sent + text) as WireText,
    asked: (isAside ? asked : asked + text) as WireText,
  };
}

function addSlot(layout: Layout, slot: Slot): void {
  layout.slots.push(slot);
  layout.constants.push(noText);
}

function renderTemplate(template: CompiledTemplate, fields: readonly Field[]): NonNullable<Slot['render']> {
  const indexes = template.fields.map((name) => fieldIndex(fields, name));
  return (batch, row) =>
    escapeJson(
      template.render(templateScope(template.fields, (index) => batch.value(row, indexes[index] ?? -1))),
    );
}

function isBlank(text: WireText): boolean {
  const first = text.charCodeAt(0);
  // Nearly every text begins with a letter; only a space, an escape or a byte of a longer character needs a look.
  if (first > 0x20 && first < 0x7f && first !== 0x5c) return false;
  return (JSON.parse(`"${fromWire(text)}"`) as string).trim() === '';
}
