import { z } from 'zod';
import { cel } from '../core/component.ts';
import { BatchlineError } from '../core/errors.ts';
import { type RowBatch, fieldIndex } from '../core/row-batch.ts';
import { defineTransform, type TransformFailure, type TransformedBatch } from '../core/transform.ts';
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
    const context: Record<string, Value> = {};
    for (const { name, index } of variables) context[name] = batch.value(row, index);
    const verdict = judge(expression, context);
    if (verdict === true) kept.push(row);
    else if (verdict !== false) {
      failures.push({ row, code: verdict.code, message: `${batch.position(row)}: ${verdict.message}` });
    }
  }
  return { batch: keepRows(batch, kept), filtered: batch.length - kept.length - failures.length, failures };
}

/** Whether a row stays. A filter that fails because a value is null says no. */
function judge(
  expression: CompiledExpression,
  context: Readonly<Record<string, Value>>,
): boolean | BatchlineError {
  try {
    const value = expression.evaluate(context);
    if (typeof value === 'boolean') return value;
    if (value === null) return false;
    return notBoolean(expression.text);
  } catch (error) {
    if (!(error instanceof BatchlineError)) throw error;
    return error.code === 'expression_on_null' ? false : error;
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
