import { BatchlineError } from '../core/errors.ts';
import type { Environment } from '../config/environment.ts';
import type { Variable } from './plan.ts';

/** A database as the pipeline file names it. */
export interface NamedDatabase {
  /** With its secrets. */
  readonly url: string;
  /** What stands in the file: a variable, so that no password does. */
  readonly written: string;
  readonly variables: readonly Variable[];
}

const variableName = /^\$?\{?([A-Z_][A-Z0-9_]*)\}?$/;
const example = 'postgres://user:password@localhost:5432/database';

/** Whether what was given for a source or a sink means a database. */
export function isDatabase(given: string): boolean {
  return /^postgres(?:ql)?:\/\//i.test(given) || given === 'embedded' || variableName.test(given);
}

/**
 * @param given a URL, `embedded`, or the name of a variable that holds one
 * @param env what the pipeline will see: a variable that holds something else already is left alone
 */
export function nameDatabase(given: string, env: Environment): NamedDatabase {
  if (given === 'embedded') return { url: given, written: given, variables: [] };
  const named = variableName.exec(given)?.[1];
  if (named !== undefined) {
    const url = env[named] ?? '';
    if (url === '') throw unset(named);
    return { url, written: `\${${named}}`, variables: [{ name: named, example }] };
  }
  const name = freeName(given, env);
  return { url: given, written: `\${${name}}`, variables: [{ name, example, value: given }] };
}

function freeName(url: string, env: Environment): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? 'DATABASE_URL' : `DATABASE_URL_${number}`;
    if (env[name] === undefined || env[name] === '' || env[name] === url) return name;
  }
}

function unset(name: string): BatchlineError {
  return new BatchlineError('undefined_variable', `The variable ${name} is not set.`, {
    hint: `Set it to the database's URL (export ${name}=${example}), or write it into .env.`,
    exitCode: 2,
  });
}
