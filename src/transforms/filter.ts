import { z } from 'zod';
import { cel } from '../core/component.ts';
import { BatchlineError, errorCode } from '../core/errors.ts';
import { type RowBatch, fieldIndex } from '../core/row-batch.ts';
import {
  defineTransform,
  transformFailure,
  type TransformFailure,
  type TransformedBatch,
} from '../core/transform.ts';
import type { Value } from '../core/value.ts';
import { type CompiledExpression, compileExpression } from '../expr/cel.ts';
import { keepRows } from '../core/derived-batch.ts';

export const filter = defineTransform({
  name: 'filter',
  summary: 'Keeps the rows for which a CEL expression is true.',
  config: z.object({
    where: z
      .string()
      .min(1)
      .meta({ description: 'A CEL expression over the row; its fields are the variables.', ...cel }),
  }),
  examples: [{ where: 'size(body) > 0' }, { where: "status == 'closed' && priority >= 3" }],

  async open({ where }, incoming) {
    const numericTexts = new Set(incoming.filter(({ kind }) => kind === 'numeric').map(({ name }) => name));
    const names = incoming.map(({ name }) => name);
    const expression = compileExpression(where, names, { numericTexts });
    return {
      fields: incoming,
      needs: (wanted) => new Set([...wanted, ...expression.variables]),
      apply: (batch) => filterRows(batch, expression),
    };
  },
});

function filterRows(batch: RowBatch, expression: CompiledExpression): TransformedBatch {
  const variables = [...expression.variables].map((name) => ({
    name,
    index: fieldIndex(batch.fields, name),
  }));
  const kept: number[] = [];
  const failures: TransformFailure[] = [];
  for (let row = 0; row < batch.length; row += 1) {
    try {
      const context: Record<string, Value> = {};
      for (const { name, index } of variables) context[name] = batch.value(row, index);
      if (isKept(expression, context)) kept.push(row);
    } catch (error) {
      failures.push(transformFailure(batch, row, error));
    }
  }
  return { batch: keepRows(batch, kept), filtered: batch.length - kept.length - failures.length, failures };
}

/** Whether a row stays. A filter that fails because a value is null says no. */
function isKept(expression: CompiledExpression, context: Readonly<Record<string, Value>>): boolean {
  try {
    const value = expression.evaluate(context);
    if (typeof value !== 'boolean' && value !== null) throw notBoolean(expression.text);
    return value ?? false;
  } catch (error) {
    if (errorCode(error) === 'expression_on_null') return false;
    throw error;
  }
}

function notBoolean(text: string): BatchlineError {
  return new BatchlineError(
    'filter_not_boolean',
    `the filter \`${text}\` is neither true nor false for this row`,
    {
      hint: 'Write a comparison, such as `size(body) > 0`.',
    },
  );
}
