import { ConfigError, problemLines } from '../config/problem.ts';
import { BatchlineError, defectHint, errorCode, errorMessage } from '../core/errors.ts';
import type { CommandContext } from './context.ts';
import { isJsonLog, logLine } from './log-line.ts';

/**
 * Says on standard error what went wrong, without secrets, as the flags ask for; returns the exit code.
 *
 * @param options the command's
 */
export function reportError(
  error: unknown,
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): number {
  const cause = shownCause(error, context);
  const trace = options['logLevel'] === 'debug' ? stacks(error) : [];
  const lines = isJsonLog(options)
    ? [
        logLine('error', {
          type: 'Failed',
          ...errorJson(cause),
          ...(trace.length > 0 && { stack: trace.join('\n') }),
        }),
      ]
    : [...describeError(cause), ...trace];
  context.stderr.write(`${context.redactor.redact(lines.join('\n'))}\n`);
  return exitCodeOf(cause);
}

/** What is worth telling of a command that was stopped. */
const saysMore: ReadonlySet<string> = new Set(['interrupted', 'state_gone']);

/** Once the user has stopped the command, whatever fails in it is a consequence of that. */
export function shownCause(error: unknown, { signals }: CommandContext): unknown {
  const isConsequence = signals.drain.aborted && !saysMore.has(errorCode(error) ?? '');
  return isConsequence ? signals.drain.reason : error;
}

export function exitCodeOf(error: unknown): number {
  return error instanceof BatchlineError ? (error.exitCode ?? 2) : 2;
}

/** An error as JSON tells it. */
export function errorJson(error: unknown) {
  if (!(error instanceof BatchlineError))
    return { code: 'defect', message: errorMessage(error), where: null, hint: defectHint };
  const { code, message, where = null, hint = null } = error;
  return { code, message: message.trim(), where, hint };
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
