import { BatchlineError } from '../core/errors.ts';
import type { Field, Value } from '../core/value.ts';
import { type CompiledExpression, readMember } from '../expr/cel.ts';
import { expressionFailed, missingMember } from '../expr/cel-error.ts';
import type { Path } from '../expr/cel-paths.ts';
import { reviveCarried, reviveKey } from './carried-value.ts';
import type { ResultItem } from './result-item.ts';
import type { ResultVariable } from '../core/result-variables.ts';

/** @throws BatchlineError `expression_failed` or `expression_on_null` */
export type ColumnReader = (item: ResultItem) => Value;

export type Fields = ReadonlyMap<string, Field>;

/** How a column's value is got: by reading properties where the expression is a path, else by the evaluator. */
export function columnReader(expression: CompiledExpression, fields: Fields): ColumnReader {
  if (expression.barePath !== undefined) return pathReader(expression, expression.barePath, fields, false);
  if (expression.guardedPath !== undefined)
    return pathReader(expression, expression.guardedPath, fields, true);
  const roots = [...expression.variables].map(
    (name) => [name, rootReader(name as ResultVariable, fields)] as const,
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
  fields: Fields,
  guarded: boolean,
): ColumnReader {
  const [root = '', name] = path;
  const isField = (root === 'row' || root === 'key') && name !== undefined;
  const read = isField ? fieldReader(root, name, fields) : rootReader(root as ResultVariable, fields);
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

function fieldReader(root: 'row' | 'key', name: string, fields: Fields): ColumnReader {
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

function rootReader(name: ResultVariable, fields: Fields): ColumnReader {
  if (name === 'key') return (item) => mapValues(item.key, (part, text) => reviveKey(fields.get(part), text));
  if (name === 'row')
    return (item) => mapValues(item.row, (field, value) => reviveRow(fields.get(field), value));
  return scalarReaders[name];
}

const scalarReaders: Readonly<Record<Exclude<ResultVariable, 'key' | 'row'>, ColumnReader>> = {
  text: (item) => item.answer.text,
  json: (item) => item.answer.json ?? null,
  embedding: (item) => item.answer.embedding,
  model: (item) => item.answer.model,
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
