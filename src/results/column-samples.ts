import { asMap, asText } from '../core/json.ts';
import type { ColumnSamples } from '../core/sink.ts';
import type { CompiledExpression } from '../expr/cel.ts';
import type { ResultVariables } from './result-variables.ts';
import { schemaSamples } from './schema-samples.ts';

/** What an expression is sure to give, by the type that it has of itself. */
const inferredSamples: Readonly<Record<string, ColumnSamples>> = {
  bool: { values: [true, false], isEvery: true, mayBeNull: false },
  int: { values: [7n], isEvery: false, mayBeNull: false },
};

/** What a column will have to hold, as far as the schema of the answers or the expression itself tells. */
export function columnSamples(
  expression: CompiledExpression,
  { schema }: ResultVariables,
): ColumnSamples | undefined {
  const path = expression.barePath ?? expression.guardedPath;
  if (path === undefined) return inferredSamples[expression.inferredType];
  if (path[0] !== 'json' || schema === undefined) return undefined;
  const property = path.slice(1).reduce<unknown>((object, name) => {
    const written = asMap(object);
    const reference = asText(written?.['$ref']);
    // Through a reference, or a choice of shapes, the way to a member is not followed.
    return reference === null ? asMap(written?.['properties'])?.[name] : undefined;
  }, schema);
  return schemaSamples(schema, property);
}
