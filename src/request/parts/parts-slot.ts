import type { TemplateRole } from '../../core/dialect.ts';
import type { MessagePart, PartFiles, PartPlan, WritePart } from '../../core/message-part.ts';
import { type RowBatch, fieldIndex } from '../../core/row-batch.ts';
import type { Field } from '../../core/value.ts';
import { type WireText, jsonToWire } from '../../core/wire-text.ts';
import { type CompiledTemplate, templateScope } from '../../expr/template.ts';
import { readPart } from './read-part.ts';

/** A part whose template can be rendered. */
export type CompiledPart = Omit<PartPlan, 'template'> & { readonly template: CompiledTemplate };

interface Part {
  readonly holds: PartPlan['holds'];
  readonly role: TemplateRole;
  readonly template: CompiledTemplate;
  /** The index of each field that the template reads. */
  readonly fields: readonly number[];
}

/** Renders the parts of a message, of one row after the other, as the elements of a JSON list. */
export class PartsSlot {
  readonly #parts: readonly Part[];
  readonly #write: WritePart;
  readonly #files: PartFiles;

  constructor(parts: readonly CompiledPart[], fields: readonly Field[], write: WritePart, files: PartFiles) {
    this.#parts = parts.map((part) => ({
      ...part,
      fields: part.template.fields.map((name) => fieldIndex(fields, name)),
    }));
    this.#write = write;
    this.#files = files;
  }

  /** The bytes of the texts that the last `render` rendered, as UTF-8. */
  textBytes = 0;
  /** Whether what it rendered for a prompt is nothing but white space; an image or a file is more. */
  isBlank = true;

  /** @throws BatchlineError `template_failed`, `row_too_large`, `part_...`, and what the batch throws of a field */
  render(batch: RowBatch, row: number): WireText {
    this.textBytes = 0;
    this.isBlank = true;
    const elements: WireText[] = [];
    for (const part of this.#parts) {
      const scope = templateScope(part.template.fields, (index) =>
        batch.value(row, part.fields[index] ?? -1),
      );
      const rendered = this.#partOf(part.holds, part.template.render(scope));
      if (rendered === null) continue;
      this.#count(rendered, part.role);
      elements.push(jsonToWire(this.#write(rendered)));
    }
    return elements.join(',') as WireText;
  }

  /** Null where there is nothing to send. */
  #partOf(holds: PartPlan['holds'], written: string): MessagePart | null {
    if (holds === 'text') return written === '' ? null : { kind: 'text', text: written };
    // A template on a line of its own ends in a line feed.
    const name = written.trim();
    return name === '' ? null : readPart(holds, name, this.#files);
  }

  #count(part: MessagePart, role: TemplateRole): void {
    const text = part.kind === 'text' ? part.text : null;
    if (text !== null) this.textBytes += Buffer.byteLength(text);
    if (role !== 'system' && text?.trim() !== '') this.isBlank = false;
  }
}
