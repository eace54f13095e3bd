import {
  type ASTNode,
  EvaluationError,
  ParseError,
  serialize,
  TypeError as CelTypeError,
} from '@marcbachmann/cel-js';
import { BatchlineError, errorMessage } from '../core/errors.ts';
import { functionNames } from './cel-environment.ts';
import { functionLike } from './cel-functions.ts';
import { isIdentifier, isNode, type Path, pathOf, pathsIn, printPath } from './cel-paths.ts';

type Context = Readonly<Record<string, unknown>>;

/** The code of an expression that failed because something that it works on is null. */
export const expressionOnNull = 'expression_on_null' as const;
/** The code of an expression that failed for any other reason. */
export const expressionFailed = 'expression_failed' as const;

interface CelFault {
  readonly message: string;
  readonly start: number;
  /** The function that was probably meant. */
  readonly suggestion?: string | undefined;
}

/** The summary of an error of the parser, the checker or the evaluator, and its place in the text. */
export function celFault(error: unknown): CelFault {
  if (error instanceof ParseError || error instanceof CelTypeError || error instanceof EvaluationError) {
    const start = error.range?.start ?? 0;
    const [, called = ''] =
      /^found no matching overload for '(?:.*\.)?([A-Za-z_]\w*)\(/.exec(error.summary) ?? [];
    if (called !== '' && !functionNames().includes(called))
      return { message: `there is no function ${called}`, start, suggestion: functionLike(called) };
    return { message: inPlainWords(error.summary), start };
  }
  return { message: errorMessage(error), start: 0 };
}

function inPlainWords(summary: string): string {
  return summary === 'Unexpected token: EOF' ? 'the expression ends too early' : summary;
}

/** A path of which a member is missing: `depth` members of it were there, the next one was not. */
export function missingMember(
  expression: string,
  path: Path,
  depth: number,
  parent: unknown,
): BatchlineError {
  const found = printPath(path.slice(0, depth));
  const missing = path[depth] ?? '';
  const test = isIdentifier(missing) ? `has(${found}.${missing})` : `${JSON.stringify(missing)} in ${found}`;
  return parent === null || parent === undefined
    ? failure(expressionOnNull, expression, `${found} is null`, test)
    : failure(expressionFailed, expression, `${found} has no ${JSON.stringify(missing)}`, test);
}

/** An expression and what it was evaluated over. */
export interface Evaluated {
  readonly expression: string;
  readonly ast: ASTNode;
  /** By name, and by alias where a variable has one. */
  readonly context: Context;
  readonly aliases: ReadonlyMap<string, string>;
}

/** Turns what the evaluator threw into one line that names the expression, the field and the guard to write. */
export function explainFailure(evaluated: Evaluated, error: unknown): BatchlineError {
  const { code, message } = explain(evaluated, error);
  return new BatchlineError(code, withoutAliases(message, evaluated.aliases));
}

/** Takes the names that stand for others in the evaluator out of a message. */
export function withoutAliases(message: string, aliases: ReadonlyMap<string, string>): string {
  let shown = message;
  for (const [name, alias] of aliases) shown = shown.replaceAll(new RegExp(`\\b${alias}\\b`, 'g'), name);
  return shown;
}

function explain({ expression, ast, context }: Evaluated, error: unknown): BatchlineError {
  if (!(error instanceof EvaluationError))
    return failure(expressionFailed, expression, errorMessage(error), undefined);
  const { code, node } = error;
  if (isNode(node) && code === 'no_such_key') return missingKey(expression, node, context);
  if (isNode(node) && node.op === '[]' && code === 'index_out_of_bounds')
    return outOfBounds(expression, node);
  const empty = /\bnull\b/.test(error.summary) ? nullPath(ast, context) : undefined;
  return empty === undefined
    ? failure(expressionFailed, expression, error.summary, undefined)
    : failure(expressionOnNull, expression, `${empty} is null`, `${empty} != null`);
}

function missingKey(expression: string, node: ASTNode, context: Context): BatchlineError {
  const path = pathOf(node);
  if (path === undefined)
    return failure(expressionFailed, expression, `${source(node)} is missing`, undefined);
  return missingMember(expression, path, path.length - 1, resolve(path.slice(0, -1), context));
}

function outOfBounds(expression: string, node: ASTNode & { readonly op: '[]' }): BatchlineError {
  const list = source(node.args[0]);
  const index = source(node.args[1]);
  return failure(expressionFailed, expression, `${list} has no item ${index}`, `size(${list}) > ${index}`);
}

function nullPath(node: ASTNode, context: Context): string | undefined {
  const path = pathsIn(node).find((candidate) => resolve(candidate, context) === null);
  return path === undefined ? undefined : printPath(path);
}

function resolve(path: Path, context: Context): unknown {
  let value: unknown = context;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

function source(node: ASTNode): string {
  return serialize(node);
}

function failure(code: string, expression: string, what: string, test: string | undefined): BatchlineError {
  return new BatchlineError(
    code,
    `${expression}: ${what}${test === undefined ? '' : advice(expression, test)}`,
  );
}

function advice(expression: string, test: string): string {
  // The middle of a conditional is no conditional in CEL's grammar.
  const guarded = expression.includes('?') ? `(${expression})` : expression;
  return `; to allow that, write: ${test} ? ${guarded} : null`;
}
