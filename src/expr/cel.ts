import type { ASTNode, Environment, ParseResult } from '@marcbachmann/cel-js';
import { nearestName } from '../core/did-you-mean.ts';
import { BatchlineError } from '../core/errors.ts';
import type { Value } from '../core/value.ts';
import { type CelEnvironment, celEnvironment } from './cel-environment.ts';
import { celFault, explainFailure, missingMember, withoutAliases } from './cel-error.ts';
import { guardedPathOf, identifiersIn, type Path, pathOf, pathsIn } from './cel-paths.ts';
import { toValue } from './cel-result.ts';
import { acceptMixedBranches, readNumericTexts, renameVariables } from './cel-rewrite.ts';

/** A fault in the text of an expression; `column` counts characters from 1. */
export interface ExpressionFault {
  readonly message: string;
  /** The name that was probably meant. */
  readonly suggestion?: string | undefined;
  readonly column: number;
}

/** Values by variable name. */
export type ExpressionContext = Readonly<Record<string, Value>>;

/** An expression that is ready to be evaluated for many rows. */
export interface CompiledExpression {
  readonly text: string;
  /** Every variable and member that it reads: `row.subject` is `['row', 'subject']`, the whole of `row` is `['row']`. */
  readonly paths: readonly Path[];
  /** The variables that it reads. */
  readonly variables: ReadonlySet<string>;
  /** Where the expression is nothing but a path: that path. A property read serves it. */
  readonly barePath: Path | undefined;
  /** Where it is that path behind the guard `has(path) ? path : null`. */
  readonly guardedPath: Path | undefined;
  /** `int`, `double`, `string`, `bool`, `list`, `map<string, int>`, ...; `dyn` where it depends on the row. */
  readonly inferredType: string;
  /** @throws BatchlineError `expression_failed`, or `expression_on_null` where a null it works on is the reason */
  evaluate(context: ExpressionContext): Value;
}

export interface CompileOptions {
  /** Paths, as written, whose texts are numbers (`row.price`): arithmetic and order then go by their value. */
  readonly numericTexts?: ReadonlySet<string>;
}

/**
 * Looks at syntax, functions and types, and where the variables are known, at their names too.
 *
 * @param variables the names that the expression may read; without them it may read any
 */
export function checkExpression(text: string, variables?: readonly string[]): readonly ExpressionFault[] {
  let aliases: ReadonlyMap<string, string> = new Map();
  try {
    const names = variables ?? identifiersIn(celEnvironment([]).environment.parse(text).ast);
    const known = celEnvironment(names);
    ({ aliases } = known);
    check(known.environment, renameVariables(text, known.environment.parse(text).ast, aliases));
    return [];
  } catch (error) {
    const { message, start, suggestion: otherFunction } = celFault(error);
    const [, unknown] = /^Unknown variable: (\w+)$/.exec(message) ?? [];
    const suggestion = unknown === undefined ? otherFunction : nearestName(unknown, variables ?? []);
    return [{ message: withoutAliases(message, aliases), column: start + 1, suggestion }];
  }
}

/**
 * @param variables the names that the expression may read
 * @throws BatchlineError `invalid_expression`
 */
export function compileExpression(
  text: string,
  variables: readonly string[],
  options: CompileOptions = {},
): CompiledExpression {
  const environment = celEnvironment(variables);
  const { ast, program, type } = parse(text, environment, variables, options);
  const path = pathOf(ast);
  const known = new Set(variables);
  const paths = pathsIn(ast).filter(([root]) => known.has(root ?? ''));
  const roots = new Set(paths.map(([root]) => root ?? ''));
  return {
    text,
    paths,
    variables: roots,
    barePath: path,
    guardedPath: guardedPathOf(ast),
    inferredType: type,
    evaluate:
      path === undefined
        ? evaluator({ text, ast, program, roots: [...roots], aliases: environment.aliases })
        : pathReader(text, path),
  };
}

interface Checked {
  readonly program: ParseResult;
  readonly type: string;
}

interface Parsed extends Checked {
  /** Of the text as it was written. */
  readonly ast: ASTNode;
}

function parse(
  text: string,
  { environment, aliases }: CelEnvironment,
  variables: readonly string[],
  options: CompileOptions,
): Parsed {
  try {
    const { ast } = environment.parse(text);
    const numeric = readNumericTexts(text, ast, options.numericTexts ?? new Set());
    const renamed = renameVariables(numeric, environment.parse(numeric).ast, aliases);
    return { ast, ...check(environment, renamed) };
  } catch (error) {
    const message = withoutAliases(celFault(error).message, aliases);
    throw new BatchlineError('invalid_expression', `${text}: ${message}`, {
      hint: unknownVariableHint(message, variables),
      cause: error,
    });
  }
}

function check(environment: Environment, text: string): Checked {
  const program = environment.parse(text);
  const verdict = program.check();
  if (verdict.error === undefined) return { program, type: verdict.type ?? 'dyn' };
  const rewritten = acceptMixedBranches(text, verdict.error.code, verdict.error.node);
  if (rewritten === undefined) throw verdict.error;
  return check(environment, rewritten);
}

function unknownVariableHint(message: string, variables: readonly string[]): string | undefined {
  return message.startsWith('Unknown variable') ? `It can use: ${variables.join(', ')}.` : undefined;
}

/** Reads a path's value out of nested maps. @throws BatchlineError naming the first member that is missing */
function pathReader(text: string, path: Path): (context: ExpressionContext) => Value {
  return (context) => {
    let value: Value | undefined = context[path[0] ?? ''];
    for (let depth = 1; depth < path.length; depth += 1) {
      const member = readMember(value, path[depth] ?? '');
      if (member === undefined) throw missingMember(text, path, depth, value);
      value = member;
    }
    return value ?? null;
  };
}

/** A map's own member; undefined where there is none, or where the value is no map. */
export function readMember(value: Value | undefined, name: string): Value | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? (value as Readonly<Record<string, Value>>)[name] : undefined;
}

interface Evaluation {
  readonly text: string;
  readonly ast: ASTNode;
  readonly program: ParseResult;
  readonly roots: readonly string[];
  readonly aliases: ReadonlyMap<string, string>;
}

function evaluator({
  text,
  ast,
  program,
  roots,
  aliases,
}: Evaluation): (context: ExpressionContext) => Value {
  const renamed = roots.flatMap((root) => {
    const alias = aliases.get(root);
    return alias === undefined ? [] : [[root, alias] as const];
  });
  return (context) => {
    const visible: Record<string, unknown> = {};
    for (const root of roots) visible[root] = asOperand(context[root]);
    for (const [root, alias] of renamed) visible[alias] = visible[root];
    try {
      return toValue(program(visible));
    } catch (error) {
      throw explainFailure({ expression: text, ast, context: visible, aliases }, error);
    }
  };
}

/** The evaluator knows lists, but no typed arrays. */
function asOperand(value: Value | undefined): unknown {
  return value instanceof Float32Array ? Array.from(value) : (value ?? null);
}
