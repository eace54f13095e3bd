import { z } from 'zod';
import { liquid } from '../core/component.ts';
import { type RowBatch, fieldIndex } from '../core/row-batch.ts';
import {
  defineTransform,
  transformFailure,
  type TransformFailure,
  type TransformedBatch,
} from '../core/transform.ts';
import type { Field } from '../core/value.ts';
import { type CompiledTemplate, checkFields, compileTemplate, templateScope } from '../expr/template.ts';
import { DerivedBatch, keepRows, sameColumns } from '../core/derived-batch.ts';

export const template = defineTransform({
  name: 'template',
  summary: 'Makes a text field from a Liquid template, or replaces one.',
  config: z.object({
    field: z.string().min(1).meta({ description: 'The field to make.' }),
    template: z.string().meta({ description: 'A Liquid template over the row.', ...liquid }),
  }),
  examples: [{ field: 'title', template: '{{ subject }} ({{ sender }})' }],

  async open({ field, template: text }, incoming) {
    const compiled = compileTemplate(text);
    checkFields(compiled, incoming);
    const made: Field = { name: field, kind: 'text', sqlType: 'text' };
    const at = fieldIndex(incoming, field);
    const fields = at === -1 ? [...incoming, made] : incoming.with(at, made);
    return {
      fields,
      needs: (wanted) => new Set([...[...wanted].filter((name) => name !== field), ...compiled.fields]),
      apply: (batch) => addField(batch, fields, field, compiled),
    };
  },
});

function addField(
  batch: RowBatch,
  fields: readonly Field[],
  name: string,
  compiled: CompiledTemplate,
): TransformedBatch {
  const { texts, kept, failures } = renderAll(batch, compiled);
  const base = keepRows(batch, kept);
  const columns = [...sameColumns(batch.fields)];
  columns[fieldIndex(fields, name)] = { from: -1, values: texts };
  return { batch: new DerivedBatch(base, fields, columns), filtered: 0, failures };
}

function renderAll(batch: RowBatch, compiled: CompiledTemplate) {
  const indexes = compiled.fields.map((name) => fieldIndex(batch.fields, name));
  const texts: string[] = [];
  const kept: number[] = [];
  const failures: TransformFailure[] = [];
  for (let row = 0; row < batch.length; row += 1) {
    try {
      texts.push(
        compiled.render(templateScope(compiled.fields, (index) => batch.value(row, indexes[index] ?? -1))),
      );
      kept.push(row);
    } catch (error) {
      failures.push(transformFailure(batch, row, error));
    }
  }
  return { texts, kept, failures };
}
