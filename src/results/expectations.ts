import { BatchlineError } from '../core/errors.ts';
import { valueToJson } from '../core/print.ts';
import type { Value } from '../core/value.ts';
import { type CompiledExpression, compileExpression } from '../expr/cel.ts';
import { isIdentifier } from '../expr/cel-paths.ts';

/** What an expectation came to. */
export interface Expected {
  readonly expression: string;
  /** The least share of the rows that is to fulfil it. */
  readonly share: number;
  /** Rows that do. */
  readonly rows: number;
  /** The first that do not, each with its key. */
  readonly examples: readonly string[];
}

interface LoadedRow {
  readonly key: readonly string[];
  /** By the names of the columns. */
  readonly values: Readonly<Record<string, Value>>;
}

const examplesKept = 3;
const longestExample = 120;

interface Expectation {
  readonly expression: CompiledExpression;
  readonly share: number;
  rows: number;
  readonly examples: string[];
}

/** What is expected of loaded rows, counted row by row. */
export class Expectations {
  readonly #expectations: readonly Expectation[];

  /**
   * @param expect shares by expression
   * @param names of columns; expressions may read those that are names in CEL
   * @throws BatchlineError `invalid_expression`
   */
  constructor(expect: Readonly<Record<string, number>>, names: readonly string[]) {
    const variables = [...new Set(names)].filter(isIdentifier);
    this.#expectations = Object.entries(expect).map(([text, share]) => ({
      expression: compileExpression(text, variables),
      share,
      rows: 0,
      examples: [],
    }));
  }

  note({ key, values }: LoadedRow): void {
    for (const expectation of this.#expectations) {
      if (holds(expectation.expression, values)) expectation.rows += 1;
      else if (expectation.examples.length < examplesKept)
        expectation.examples.push(exampleOf(key, values, expectation.expression));
    }
  }

  get counted(): readonly Expected[] {
    return this.#expectations.map(({ expression, share, rows, examples }) => ({
      expression: expression.text,
      share,
      rows,
      examples,
    }));
  }
}

/** An expression that fails on a row, on a null for one, does not hold for it. */
function holds(expression: CompiledExpression, values: Readonly<Record<string, Value>>): boolean {
  try {
    return expression.evaluate(values) === true;
  } catch (error) {
    if (error instanceof BatchlineError) return false;
    throw error;
  }
}

function exampleOf(
  key: readonly string[],
  values: Readonly<Record<string, Value>>,
  { variables }: CompiledExpression,
): string {
  const held = [...variables].map((name) => `${name} = ${short(valueToJson(values[name] ?? null))}`);
  return `${key.join(', ')}: ${held.join(', ')}`;
}

function short(text: string): string {
  return text.length <= longestExample ? text : `${text.slice(0, longestExample)}…`;
}
