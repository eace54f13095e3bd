import { BatchlineError } from '../core/errors.ts';
import type { RequestBlock } from '../core/request-block.ts';
import type { ColumnPlan } from '../core/sink.ts';
import type { Field, Value } from '../core/value.ts';
import { type CompiledExpression, compileExpression } from '../expr/cel.ts';
import { expressionFailed, expressionOnNull } from '../expr/cel-error.ts';
import { isIdentifier, printPath } from '../expr/cel-paths.ts';
import { type ColumnReader, columnReader } from './column-reader.ts';
import { columnSamples } from './column-samples.ts';
import { columnType } from './column-type.ts';
import { asList, asMap, type JsonMap } from '../core/json.ts';
import type { ResultItem } from './result-item.ts';
import { type AnswerNeed, answerVariables, resultVariables } from '../core/result-variables.ts';
import { checkPaths, type ResultVariables } from './result-variables.ts';

/** A column as the pipeline file writes it. */
export type ConfiguredColumn = string | { readonly value: string; readonly type?: string | undefined };

export interface ColumnOptions {
  readonly configured: Readonly<Record<string, ConfiguredColumn>> | undefined;
  readonly request: RequestBlock;
  /** How many dimensions embeddings will have; null where that is not known. */
  readonly dimensions: number | null;
  /** The fields that can be carried: those that reach the renderer. */
  readonly sourceFields: readonly Field[];
  readonly keyNames: readonly string[];
}

/** Why an item could not be turned into column values. */
export interface ColumnFailure {
  readonly code: 'expression_failed';
  readonly message: string;
}

/** The sink's value columns, ready to be filled. */
export interface ColumnSet {
  readonly plans: readonly ColumnPlan[];
  /** The fields that some column reads of the row. */
  readonly carried: readonly string[];
  /** What the columns need of an answer. */
  readonly needs: ReadonlySet<AnswerNeed>;
  /** Whether a column reads the request's hash. */
  readonly needsHash: boolean;
  /** One value a column in the order of `plans`, or why there are none. */
  evaluate(item: ResultItem): Value[] | ColumnFailure;
  /** Values in the order of `plans`, by the columns' names. */
  named(values: readonly Value[]): Readonly<Record<string, Value>>;
}

/**
 * Works out the sink's value columns. Without configuration there is one a property of the schema, else `text` or
 * `embedding`, and `model`.
 *
 * @throws BatchlineError `invalid_expression`, `unknown_column` or `invalid_column`
 */
export function planColumns(options: ColumnOptions): ColumnSet {
  const variables = variablesOf(options);
  const configured = options.configured ?? defaultColumns(variables);
  const columns = Object.entries(configured).map(([name, column]) =>
    planColumn(name, column, variables, options.dimensions),
  );
  return {
    plans: columns.map(({ plan }) => plan),
    carried: carriedFields(columns, options.sourceFields),
    needs: needsOf(columns),
    needsHash: columns.some(({ expression }) => expression.variables.has('request_hash')),
    evaluate: evaluator(columns),
    named: (values) =>
      Object.fromEntries(columns.map(({ plan }, index) => [plan.name, values[index] ?? null])),
  };
}

function variablesOf({ request, sourceFields, keyNames }: ColumnOptions): ResultVariables {
  return {
    endpoint: request.endpoint,
    model: request.model,
    schema: request.output?.schema,
    fields: new Map(sourceFields.map((field) => [field.name, field])),
    keyNames,
  };
}

function defaultColumns({ endpoint, schema }: ResultVariables): Readonly<Record<string, string>> {
  if (endpoint === 'embeddings') return { embedding: 'embedding', model: 'model' };
  if (schema === undefined) return { text: 'text', model: 'model' };
  const properties = schemaColumns(schema);
  const answer = Object.keys(properties).length === 0 ? { json: 'json' } : properties;
  return 'model' in answer ? answer : { ...answer, model: 'model' };
}

/** A property that the schema does not require may be missing, which is no failure: its column is then null. */
function schemaColumns(schema: JsonMap): Readonly<Record<string, string>> {
  const required = new Set(asList(schema['required']));
  const names = Object.keys(asMap(schema['properties']) ?? {});
  return Object.fromEntries(names.map((name) => [name, propertyExpression(name, required.has(name))]));
}

function propertyExpression(name: string, isRequired: boolean): string {
  const path = printPath(['json', name]);
  if (isRequired) return path;
  return isIdentifier(name)
    ? `has(${path}) ? ${path} : null`
    : `${JSON.stringify(name)} in json ? ${path} : null`;
}

interface Column {
  readonly plan: ColumnPlan;
  readonly expression: CompiledExpression;
  readonly read: ColumnReader;
}

function planColumn(
  name: string,
  column: ConfiguredColumn,
  variables: ResultVariables,
  dimensions: number | null,
): Column {
  const { value: text, type } = typeof column === 'string' ? { value: column, type: undefined } : column;
  const where = `sink.columns.${name}`;
  const expression = compile(text, variables, where);
  checkPaths(expression, variables, where);
  const isVector = expression.barePath?.length === 1 && expression.barePath[0] === 'embedding';
  const samples = columnSamples(expression, variables);
  const plan = {
    name,
    sqlType: type ?? columnType(expression, variables),
    expression: text,
    isVector,
    ...(isVector && dimensions !== null ? { dimensions } : {}),
    ...(samples === undefined ? {} : { samples }),
  };
  return { plan, expression, read: columnReader(expression, variables) };
}

function compile(text: string, variables: ResultVariables, where: string): CompiledExpression {
  const numeric = [...variables.fields.values()].filter(({ kind }) => kind === 'numeric');
  const numericTexts = new Set(
    numeric.flatMap(({ name }) => [printPath(['row', name]), printPath(['key', name])]),
  );
  try {
    return compileExpression(text, resultVariables, { numericTexts });
  } catch (error) {
    if (!(error instanceof BatchlineError)) throw error;
    throw new BatchlineError(error.code, `${where}: ${error.message}`, {
      where,
      hint: error.hint,
      cause: error,
    });
  }
}

function carriedFields(columns: readonly Column[], sourceFields: readonly Field[]): readonly string[] {
  const paths = columns.flatMap(({ expression }) => expression.paths).filter(([root]) => root === 'row');
  const names = sourceFields.map(({ name }) => name);
  if (paths.some(([, name]) => name === undefined)) return names;
  return names.filter((name) => paths.some(([, member]) => member === name));
}

const answerNames: ReadonlySet<string> = new Set(answerVariables);

function needsOf(columns: readonly Column[]): ReadonlySet<AnswerNeed> {
  const roots = columns.flatMap(({ expression }) => [...expression.variables]);
  return new Set(roots.filter((root): root is AnswerNeed => answerNames.has(root)));
}

function evaluator(columns: readonly Column[]): (item: ResultItem) => Value[] | ColumnFailure {
  return (item) => {
    const values: Value[] = [];
    for (const column of columns) {
      try {
        values.push(column.read(item));
      } catch (error) {
        return columnFailure(column, error);
      }
    }
    return values;
  };
}

function columnFailure({ plan }: Column, error: unknown): ColumnFailure {
  if (!(error instanceof BatchlineError) || !expressionCodes.has(error.code)) throw error;
  return { code: expressionFailed, message: `column ${plan.name}: ${error.message}` };
}

const expressionCodes: ReadonlySet<string> = new Set([expressionFailed, expressionOnNull]);
