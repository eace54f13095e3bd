import { Environment } from '@marcbachmann/cel-js';
import { isIdentifier } from './cel-paths.ts';

/** What arithmetic works on once texts of numbers have been read. */
type Numeric = bigint | number;

interface Duration {
  extendTimestamp(time: Date): Date;
  subtractTimestamp(time: Date): Date;
}

const timestamp = 'google.protobuf.Timestamp';
const duration = 'google.protobuf.Duration';

let base: Environment | undefined;

/** An environment and the variables in it that go by another name there. */
export interface CelEnvironment {
  readonly environment: Environment;
  /** Alias by name: a field may be called `type` or `int`, which are CEL's own. */
  readonly aliases: ReadonlyMap<string, string>;
}

/**
 * A CEL environment that knows these variables, each of any type. Beyond CEL, whole and fractional numbers mix,
 * the text of a number counts as that number, and RFC 3339 text as that time, where arithmetic asks for one.
 * Names that no expression can write are passed over.
 */
export function celEnvironment(variables: readonly string[]): CelEnvironment {
  base ??= lenientEnvironment();
  const environment = base.clone();
  const names = new Set(variables.filter(isIdentifier));
  const aliases = new Map<string, string>();
  for (const name of names) if (environment.hasVariable(name)) aliases.set(name, freeName(name, names));
  for (const name of names) environment.registerVariable(aliases.get(name) ?? name, 'dyn');
  return { environment, aliases };
}

/** The functions, methods and macros that expressions may call. */
export function functionNames(): readonly string[] {
  base ??= lenientEnvironment();
  return base.getDefinitions().functions.map(({ name }) => name);
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  let alias = `${name}_`;
  while (taken.has(alias)) alias += '_';
  return alias;
}

function lenientEnvironment(): Environment {
  const environment = new Environment({ homogeneousAggregateLiterals: false, enableOptionalTypes: true });
  mixNumbers(environment);
  readNumbers(environment);
  readTimes(environment);
  return environment;
}

const arithmetic: Readonly<Record<string, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
};

function mixNumbers(environment: Environment): void {
  for (const [operator, apply] of Object.entries(arithmetic)) {
    const handler = (left: Numeric, right: Numeric) => apply(Number(left), Number(right));
    environment.registerOperator(`int ${operator} double: double`, handler);
    environment.registerOperator(`double ${operator} int: double`, handler);
  }
  environment.registerOperator('double % double: double', (left: number, right: number) => left % right);
}

const wholeArithmetic: Readonly<Record<string, (left: bigint, right: bigint) => bigint>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
};

const comparisons: Readonly<Record<string, (left: Numeric, right: Numeric) => boolean>> = {
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

function readNumbers(environment: Environment): void {
  for (const operator of Object.keys(arithmetic)) {
    for (const pair of textPairs(operator === '+'))
      environment.registerOperator(`${pair.replace(' ', ` ${operator} `)}: dyn`, calculation(operator));
  }
  for (const [operator, compare] of Object.entries(comparisons)) {
    const handler = (left: unknown, right: unknown) => compare(readNumber(left), readNumber(right));
    for (const pair of textPairs(true))
      environment.registerOperator(`${pair.replace(' ', ` ${operator} `)}: bool`, handler);
  }
  environment.registerFunction('number(dyn): dyn', (value: unknown) =>
    value === null ? null : readNumber(value),
  );
}

/** The operand types in which a text can stand for a number; two texts are left out where they mean something else. */
function textPairs(withoutTexts: boolean): readonly string[] {
  const mixed = ['string int', 'int string', 'string double', 'double string'];
  return withoutTexts ? mixed : [...mixed, 'string string'];
}

function calculation(operator: string): (left: unknown, right: unknown) => Numeric {
  const whole = wholeArithmetic[operator];
  const fractional = arithmetic[operator];
  if (whole === undefined || fractional === undefined) throw new RangeError(operator);
  return (leftValue, rightValue) => {
    const left = readNumber(leftValue);
    const right = readNumber(rightValue);
    return typeof left === 'bigint' && typeof right === 'bigint'
      ? whole(left, right)
      : fractional(Number(left), Number(right));
  };
}

/** @throws NotANumber */
function readNumber(value: unknown): Numeric {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  if (typeof value === 'string') {
    const text = value.trim();
    if (/^[-+]?\d+$/.test(text)) return BigInt(text.replace('+', ''));
    if (/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text)) return Number(text);
  }
  throw new NotANumber(value);
}

/** Thrown inside an expression that calculates with a text that is no number. */
class NotANumber extends Error {
  constructor(value: unknown) {
    super(
      `${JSON.stringify(value)?.slice(0, 40)} is not a number; to join texts, write string(...) around the number`,
    );
  }
}

function readTimes(environment: Environment): void {
  environment.registerOperator(`string + ${duration}: ${timestamp}`, (time: string, span: Duration) =>
    span.extendTimestamp(readTime(time)),
  );
  environment.registerOperator(`string - ${duration}: ${timestamp}`, (time: string, span: Duration) =>
    span.subtractTimestamp(readTime(time)),
  );
  for (const [operator, compare] of Object.entries(comparisons)) {
    const handler = (left: string | Date, right: string | Date) =>
      compare(readTime(left).getTime(), readTime(right).getTime());
    environment.registerOperator(`string ${operator} ${timestamp}: bool`, handler);
    environment.registerOperator(`${timestamp} ${operator} string: bool`, handler);
  }
}

/** @throws NotATime */
function readTime(value: string | Date): Date {
  const time = value instanceof Date ? value : new Date(value);
  if (Number.isNaN(time.getTime())) throw new NotATime(value);
  return time;
}

/** Thrown inside an expression that calculates with a text that is no time. */
class NotATime extends Error {
  constructor(value: unknown) {
    super(`${JSON.stringify(value)} is not a time such as 2026-11-22T10:00:00Z`);
  }
}
