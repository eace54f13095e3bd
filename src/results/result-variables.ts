import type { Endpoint } from '../core/dialect.ts';
import { didYouMean } from '../core/did-you-mean.ts';
import { BatchlineError } from '../core/errors.ts';
import type { JsonMap } from '../core/json.ts';
import type { Field } from '../core/value.ts';
import type { CompiledExpression } from '../expr/cel.ts';
import { pathFault } from '../expr/known-paths.ts';

/** What is known of the variables before any answer is there. */
export interface ResultVariables {
  readonly endpoint: Endpoint;
  /** The one that was asked. */
  readonly model: string;
  /** The schema of the answers, where one is asked for. */
  readonly schema: JsonMap | undefined;
  /** The source's fields, by name. */
  readonly fields: ReadonlyMap<string, Field>;
  readonly keyNames: readonly string[];
}

/**
 * Looks for names that no row can ever have.
 *
 * @param where the column's place in the pipeline file, `sink.columns.tags`
 * @throws BatchlineError `unknown_column` or `invalid_column`
 */
export function checkPaths(expression: CompiledExpression, variables: ResultVariables, where: string): void {
  const known = { ...variables, fields: [...variables.fields.keys()] };
  for (const path of expression.paths) {
    const fault = pathFault(path, known);
    if (fault === undefined) continue;
    const hint = fault.code === 'unknown_column' ? didYouMean(path.at(-1) ?? '', fault.known) : undefined;
    throw new BatchlineError(fault.code, `${where}: ${expression.text}: ${fault.message}`, { where, hint });
  }
}
