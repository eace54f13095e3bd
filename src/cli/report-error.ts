import { ConfigError, problemLines } from '../config/problem.ts';
import { BatchlineError, defectHint, errorCode, errorMessage } from '../core/errors.ts';
import type { CommandContext } from './context.ts';

/** Says on standard error what went wrong, without secrets; returns the exit code. */
export function reportError(error: unknown, context: CommandContext, isDebug: boolean): number {
  // Once the user has stopped the command, whatever fails in it is a consequence of that.
  const isConsequence = context.signals.drain.aborted && errorCode(error) !== 'interrupted';
  const cause: unknown = isConsequence ? context.signals.drain.reason : error;
  const lines = describeError(cause);
  if (isDebug) lines.push(...stacks(error));
  context.stderr.write(`${context.redactor.redact(lines.join('\n'))}\n`);
  return cause instanceof BatchlineError ? (cause.exitCode ?? 2) : 2;
}

function describeError(error: unknown): string[] {
  if (error instanceof ConfigError) return error.problems.flatMap(problemLines);
  if (error instanceof BatchlineError) return describeMistake(error);
  return [`error: ${oneLine(errorMessage(error))}`, `hint: ${defectHint}`];
}

function describeMistake({ message, where, hint }: BatchlineError): string[] {
  const place = where === undefined || message.includes(where) ? '' : ` (${where})`;
  const line = `error: ${oneLine(message)}${place}`;
  return hint === undefined ? [line] : [line, `hint: ${oneLine(hint)}`];
}

/** Where an error happened, and where that which it came of. */
function stacks(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  return [...(error.stack === undefined ? [] : [error.stack]), ...stacks(error.cause)];
}

function oneLine(text: string): string {
  return text
    .trim()
    .replaceAll(/([:;,.])\s*\n\s*/g, '$1 ')
    .replaceAll(/\s*\n\s*/g, '; ');
}
