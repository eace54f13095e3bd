import type { TemplateRole } from '../core/dialect.ts';
import { BatchlineError } from '../core/errors.ts';
import { longestRow } from '../core/longest-row.ts';
import { type RowBatch, fieldIndex } from '../core/row-batch.ts';
import type { Field } from '../core/value.ts';
import { type WireText, escapeJson, fromWire, unescapedLength } from '../core/wire-text.ts';
import { type CompiledTemplate, templateScope } from '../expr/template.ts';
import type { CompiledPiece } from './compile-body.ts';

/** A place in the body that differs from row to row: the field spliced in, or the template rendered there. */
interface Slot {
  /** The index of the field, or -1 where `template` is rendered. */
  readonly field: number;
  readonly template: CompiledTemplate | null;
  readonly templateFields: readonly number[];
  readonly isPrompt: boolean;
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
  readonly #constantBytes: number;
  readonly #constantPrompt: boolean;
  readonly #texts: WireText[] = [];

  constructor(pieces: readonly CompiledPiece[], fields: readonly Field[]) {
    const layout = layOut(pieces, fields);
    this.#slots = layout.slots;
    this.#head = layout.constants[0] ?? ('' as WireText);
    this.#tails = layout.constants.slice(1);
    this.#constantBytes = layout.templateBytes;
    this.#constantPrompt = layout.promptHasText;
  }

  /** The bytes of all strings that the last `render` rendered, as UTF-8. */
  stringBytes = 0;

  /** @throws BatchlineError `template_failed`, `line_too_long`, and what the batch throws of a field */
  render(batch: RowBatch, row: number): WireText {
    const slots = this.#slots;
    const tails = this.#tails;
    let body: string = this.#head;
    let bytes = this.#constantBytes;
    for (let index = 0; index < slots.length; index += 1) {
      const slot = slots[index] as Slot;
      const text =
        slot.template === null ? batch.printed(row, slot.field) : renderSlot(slot, slot.template, batch, row);
      this.#texts[index] = text;
      bytes += unescapedLength(text);
      body += text + (tails[index] as WireText);
      // Before anything needs the text in one piece: it is made of many, and several of them may be the same.
      if (body.length > longestRow) throw tooLong();
    }
    this.stringBytes = bytes;
    return body as WireText;
  }

  /** Whether the prompt or input of the last `render` is nothing but white space. */
  promptIsBlank(): boolean {
    if (this.#constantPrompt) return false;
    return this.#slots.every((slot, index) => !slot.isPrompt || isBlank(this.#texts[index] as WireText));
  }
}

function tooLong(): BatchlineError {
  const message = `the request has more than ${longestRow} bytes; cut what the template reads, as by a truncate transform`;
  return new BatchlineError('line_too_long', message);
}

interface Layout {
  readonly constants: WireText[];
  readonly slots: Slot[];
  templateBytes: number;
  promptHasText: boolean;
}

function layOut(pieces: readonly CompiledPiece[], fields: readonly Field[]): Layout {
  const layout: Layout = { constants: ['' as WireText], slots: [], templateBytes: 0, promptHasText: false };
  for (const piece of pieces) {
    if (piece.kind === 'template') addTemplate(layout, piece.template, piece.role, fields);
    else addConstant(layout, piece.text);
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
    const templateFields = template.fields.map((name) => fieldIndex(fields, name));
    addSlot(layout, { field: -1, template, templateFields, isPrompt });
    return;
  }
  for (const part of template.parts) {
    if (part.kind === 'field') {
      addSlot(layout, {
        field: fieldIndex(fields, part.field),
        template: null,
        templateFields: [],
        isPrompt,
      });
      continue;
    }
    addConstant(layout, escapeJson(part.text));
    layout.templateBytes += Buffer.byteLength(part.text);
    if (isPrompt && part.text.trim() !== '') layout.promptHasText = true;
  }
}

function addConstant(layout: Layout, text: WireText): void {
  const last = layout.constants.length - 1;
  layout.constants[last] = `${layout.constants[last] ?? ''}${text}` as WireText;
}

function addSlot(layout: Layout, slot: Slot): void {
  layout.slots.push(slot);
  layout.constants.push('' as WireText);
}

function renderSlot(slot: Slot, template: CompiledTemplate, batch: RowBatch, row: number): WireText {
  const scope = templateScope(template.fields, (index) => batch.value(row, slot.templateFields[index] ?? -1));
  return escapeJson(template.render(scope));
}

function isBlank(text: WireText): boolean {
  const first = text.charCodeAt(0);
  // Nearly every text begins with a letter; only a space, an escape or a byte of a longer character needs a look.
  if (first > 0x20 && first < 0x7f && first !== 0x5c) return false;
  return (JSON.parse(`"${fromWire(text)}"`) as string).trim() === '';
}
