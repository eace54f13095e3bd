import { formatProblem, type Problem } from '../config/problem.ts';
import type { CommandContext } from './context.ts';

type Options = Readonly<Record<string, unknown>>;

/** Whether standard error is for a program to read: every line of it is then JSON. */
export function isJsonLog(options: Options): boolean {
  return options['logFormat'] === 'json';
}

/** A line of the JSON log that no event made. */
export function logLine(level: 'info' | 'warn' | 'error', fields: object): string {
  return JSON.stringify({ level, time: new Date().toISOString(), ...fields });
}

/** Says what is doubtful in a pipeline file. */
export function sayWarning(problem: Problem, options: Options, { stderr, redactor }: CommandContext): void {
  const message = formatProblem(problem);
  const line = isJsonLog(options) ? logLine('warn', { type: 'Warned', message }) : `warning: ${message}`;
  stderr.write(`${redactor.redact(line)}\n`);
}
