import { z } from 'zod';
import { BatchlineError } from '../core/errors.ts';
import { defineTransform } from '../core/transform.ts';
import type { Field } from '../core/value.ts';
import { DerivedBatch, sameColumns } from '../core/derived-batch.ts';
import { knownField } from './known-field.ts';

export const rename = defineTransform({
  name: 'rename',
  summary: 'Gives fields other names.',
  config: z.object({
    fields: z
      .record(z.string().min(1), z.string().min(1))
      .refine((fields) => Object.keys(fields).length > 0, 'names no field')
      .meta({ description: 'Old name to new name.' }),
  }),
  examples: [{ fields: { ticket_body: 'body' } }],

  async open({ fields: newNames }, incoming) {
    for (const name of Object.keys(newNames)) knownField('rename', name, incoming);
    const fields = incoming.map((field) => ({ ...field, name: newNames[field.name] ?? field.name }));
    refuseTwins(fields);
    const oldNames = new Map(fields.map((field, index) => [field.name, incoming[index]?.name ?? field.name]));
    const columns = sameColumns(incoming);
    return {
      fields,
      needs: (wanted) =>
        new Set([...Object.keys(newNames), ...[...wanted].map((name) => oldNames.get(name) ?? name)]),
      apply: (batch) => ({ batch: new DerivedBatch(batch, fields, columns), filtered: 0, failures: [] }),
    };
  },
});

function refuseTwins(fields: readonly Field[]): void {
  const seen = new Set<string>();
  for (const { name } of fields) {
    if (seen.has(name)) {
      throw new BatchlineError('duplicate_field', `the rename transform leaves two fields named "${name}"`, {
        hint: 'Choose another new name, or drop one of the two with select first.',
      });
    }
    seen.add(name);
  }
}
