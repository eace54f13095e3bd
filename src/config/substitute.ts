import type { Scalar } from 'yaml';
import type { PipelineDocument, SyntaxFault } from './document.ts';
import type { Environment } from './environment.ts';
import type { Path } from './fault.ts';
import { readScalar } from './yaml-scalar.ts';

/** What became of a scalar that named environment variables. */
export interface Substitution {
  /** The scalar as the file has it: `${PORT}`. */
  readonly template: string;
  /** The text with the variables filled in, before it was read again as YAML. */
  readonly text: string;
  /** The values that came in. */
  readonly values: readonly string[];
}

export interface Substituted {
  /** By the scalar's node. */
  readonly substitutions: ReadonlyMap<unknown, Substitution>;
  /** The scalars with a variable that is not set, of which nothing else can be said. */
  readonly unresolved: ReadonlySet<unknown>;
  readonly faults: readonly SyntaxFault[];
}

const reference = /\$\$\{|\$\{([^}]*)(\}?)/g;
const whole = /^\$\{[^}]*\}$/;

/** What takes the place of variables that are not set; undefined where they must be. */
export type StandIn = (path: Path) => string | undefined;

/** Fills `${VAR}` and `${VAR:-default}` into the document's scalar values; `$${` stands for `${`. */
export function substituteEnvironment(
  document: PipelineDocument,
  env: Environment,
  standIn?: StandIn,
): Substituted {
  const substitutions = new Map<unknown, Substitution>();
  const unresolved = new Set<unknown>();
  const faults: SyntaxFault[] = [];
  for (const { scalar, path } of document.scalars()) {
    if (typeof scalar.value !== 'string' || !scalar.value.includes('${')) continue;
    const template = scalar.value;
    const filled = fill(template, env, standIn?.(path));
    for (const fault of filled.faults) {
      faults.push({ offset: offsetOf(document, scalar, fault), path, message: fault.message });
    }
    if (filled.faults.length > 0) unresolved.add(scalar);
    scalar.value = whole.test(template) ? readScalar(filled.text) : filled.text;
    if (filled.values.length > 0)
      substitutions.set(scalar, { template, text: filled.text, values: filled.values });
  }
  return { substitutions, unresolved, faults };
}

interface ReferenceFault {
  readonly reference: string;
  /** Which of the equal references in the scalar it is, from 0. */
  readonly nth: number;
  readonly message: string;
}

function fill(template: string, env: Environment, standIn: string | undefined) {
  const values: string[] = [];
  const faults: ReferenceFault[] = [];
  const text = template.replaceAll(
    reference,
    (all: string, inside: string | undefined, close: string, at: number) => {
      if (inside === undefined) return '${';
      const value = lookUp(inside, close, env, standIn);
      if (typeof value === 'string') {
        values.push(value);
        return value;
      }
      faults.push({ reference: all, nth: template.slice(0, at).split(all).length - 1, message: value.fault });
      return all;
    },
  );
  return { text, values, faults };
}

function lookUp(
  inside: string,
  close: string,
  env: Environment,
  standIn: string | undefined,
): string | { readonly fault: string } {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(inside);
  if (close === '' || match?.[1] === undefined) {
    return { fault: 'this ${ is not closed as ${NAME} or ${NAME:-default}; write $${ for a literal ${' };
  }
  const [, name, fallback] = match;
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  // As in a shell: an empty variable gives way to the default.
  if (fallback !== undefined) return value === undefined || value === '' ? fallback : value;
  return (
    value ??
    standIn ?? {
      fault: `the environment variable ${name} is not set; export it, write it into .env beside the pipeline file, or name a file that has it with --env-file`,
    }
  );
}

function offsetOf(document: PipelineDocument, scalar: Scalar, fault: ReferenceFault): number {
  const [begin, end] = scalar.range ?? [0, 0];
  if (whole.test(String(scalar.value))) return begin;
  const pieces = document.source.slice(begin, end).split(fault.reference);
  return begin + pieces.slice(0, fault.nth + 1).join(fault.reference).length;
}
