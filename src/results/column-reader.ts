import { BatchlineError } from '../core/errors.ts';
import type { Field, Value } from '../core/value.ts';
import { type CompiledExpression, readMember } from '../expr/cel.ts';
import { expressionFailed, missingMember } from '../expr/cel-error.ts';
import type { Path } from '../expr/cel-paths.ts';
import { reviveCarried, reviveKey } from './carried-value.ts';
import type { ResultItem } from './result-item.ts';
import type { ResultVariables } from './result-variables.ts';
import type { ResultVariable } from '../core/result-variables.ts';

/** @throws BatchlineError `expression_failed` or `expression_on_null` */
export type ColumnReader = (item: ResultItem) => Value;

/** What readers know before any answer is there. */
type Known = Pick<ResultVariables, 'fields' | 'model'>;

/** How a column's value is got: by reading properties where the expression is a path, else by the evaluator. */
export function columnReader(expression: CompiledExpression, known: Known): ColumnReader {
  if (expression.barePath !== undefined) return pathReader(expression, expression.barePath, known, false);
  if (expression.guardedPath !== undefined)
    return pathReader(expression, expression.guardedPath, known, true);
  const roots = [...expression.variables].map(
    (name) => [name, rootReader(name as ResultVariable, known)] as const,
  );
  return (item) => {
    const context: Record<string, Value> = {};
    for (const [name, read] of roots) context[name] = read(item);
    return expression.evaluate(context);
  };
}

function pathReader(
  expression: CompiledExpression,
  path: Path,
  known: Known,
  guarded: boolean,
): ColumnReader {
  const [root = '', name] = path;
  const isField = (root === 'row' || root === 'key') && name !== undefined;
  const read = isField ? fieldReader(root, name, known) : rootReader(root as ResultVariable, known);
  const depth = isField ? 2 : 1;
  if (path.length === depth) return read;
  const last = path.length - 1;
  return (item) => {
    let value = read(item);
    for (let at = depth; at <= last; at += 1) {
      const member = readMember(value, path[at] ?? '');
      if (member === undefined) {
        if (guarded && at === last) return null;
        throw missingMember(expression.text, path, at, value);
      }
      value = member;
    }
    return value;
  };
}

function fieldReader(root: 'row' | 'key', name: string, { fields }: Known): ColumnReader {
  const field = fields.get(name);
  if (root === 'key') return (item) => reviveKey(field, item.key[name] ?? '');
  return (item) => {
    const value = item.row[name];
    if (value === undefined) throw notCarried(name);
    return field === undefined ? value : reviveCarried(field, value);
  };
}

/** Only what the columns named when the source was read stands in the rows file. */
function notCarried(name: string): BatchlineError {
  const advice = 'it was not in sink.columns when this run read its source; --new-run reads it again';
  return new BatchlineError(expressionFailed, `row.${name} was not kept: ${advice}`);
}

function rootReader(name: ResultVariable, { fields, model }: Known): ColumnReader {
  if (name === 'key') return (item) => mapValues(item.key, (part, text) => reviveKey(fields.get(part), text));
  if (name === 'row')
    return (item) => mapValues(item.row, (field, value) => reviveRow(fields.get(field), value));
  // Not every answer says whose it is: Gemini's embeddings do not.
  if (name === 'model') return (item) => item.answer.model ?? model;
  return scalarReaders[name];
}

const scalarReaders: Readonly<Record<Exclude<ResultVariable, 'key' | 'row' | 'model'>, ColumnReader>> = {
  text: (item) => item.answer.text,
  json: (item) => item.answer.json ?? null,
  embedding: (item) => item.answer.embedding,
  finish_reason: (item) => item.answer.finishReason,
  request_id: (item) => item.answer.requestId,
  usage: (item) => ({ ...item.answer.usage }),
  body: (item) => item.answer.body,
  custom_id: (item) => item.customId,
  request_hash: (item) => item.requestHash,
  batch_id: (item) => item.batchId,
  attempt: (item) => BigInt(item.attempt),
  now: (item) => item.now,
};

function reviveRow(field: Field | undefined, value: Value): Value {
  return field === undefined ? value : reviveCarried(field, value);
}

function mapValues<T>(
  map: Readonly<Record<string, T>>,
  convert: (name: string, value: T) => Value,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, convert(name, value)]));
}
