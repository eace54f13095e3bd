import { z } from 'zod';
import { printValue } from '../core/print.ts';
import { fieldIndex, type RowBatch } from '../core/row-batch.ts';
import { defineTransform, transformFailure, type TransformFailure } from '../core/transform.ts';
import type { Value } from '../core/value.ts';
import { unescapedLength } from '../core/wire-text.ts';
import { loadEncoding, truncateToTokens } from '../expr/tokens.ts';
import { DerivedBatch, keepRows, sameColumns } from '../core/derived-batch.ts';
import { knownField } from './known-field.ts';

export const truncate = defineTransform({
  name: 'truncate',
  summary:
    'Cuts a text field to a number of tokens, counted exactly (o200k_base) and never inside a character.',
  config: z.object({
    field: z.string().min(1).meta({ description: 'The field to cut.' }),
    max_tokens: z.int().positive().meta({ description: 'The most tokens that are left.' }),
  }),
  examples: [{ field: 'body', max_tokens: 6000 }],

  async open({ field, max_tokens: most }, incoming) {
    const at = knownField('truncate', field, incoming);
    loadEncoding('o200k_base');
    const fields = incoming.with(at, { name: field, kind: 'text', sqlType: 'text' });
    return {
      fields,
      needs: (wanted) => new Set([...wanted, field]),
      apply(batch) {
        const from = fieldIndex(batch.fields, field);
        const { kept, values, failures } = cutValues(batch, from, most);
        const columns = sameColumns(batch.fields).with(from, { from, values });
        return { batch: new DerivedBatch(keepRows(batch, kept), fields, columns), filtered: 0, failures };
      },
    };
  },
});

/** The new value of each row that is kept, where it is cut; undefined for all others. */
function cutValues(batch: RowBatch, field: number, most: number) {
  const kept: number[] = [];
  const values: (Value | undefined)[] = [];
  const failures: TransformFailure[] = [];
  for (let row = 0; row < batch.length; row += 1) {
    try {
      values.push(cutValue(batch, row, field, most));
      kept.push(row);
    } catch (error) {
      failures.push(transformFailure(batch, row, error));
    }
  }
  return { kept, values, failures };
}

function cutValue(batch: RowBatch, row: number, field: number, most: number): Value | undefined {
  // A token is at least a byte, so most rows need no tokenizer.
  if (unescapedLength(batch.printed(row, field)) <= most) return undefined;
  const text = printValue(batch.value(row, field));
  const cut = truncateToTokens(text, most, 'o200k_base');
  return cut.length < text.length ? cut : undefined;
}
