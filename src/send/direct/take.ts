import type { ClassifiedResult } from '../../core/batch-result.ts';
import type { DirectResponse } from '../../core/direct-side.ts';
import { BatchlineError } from '../../core/errors.ts';
import type { Asked } from './asked-lines.ts';
import type { Asking } from './context.ts';
import type { Heard } from './heard.ts';

/** A request line of a file. */
export interface Line {
  readonly number: number;
  readonly line: Buffer;
  /** What it is reckoned at. */
  readonly tokens: number;
}

/** Why a request is to be sent again: it was too early, or the provider failed. */
export interface Again {
  readonly why: 'pace' | 'provider';
  readonly message: string;
}

/** After so long without any answer the provider is away for good. */
const longestSilenceMs = 3_600_000;

/** Keeps an answer. @returns why the line is to be sent again, where this was none */
export function take(
  { read, lines, heard, clock }: Asking,
  asked: Asked,
  { number, line }: Pick<Line, 'number' | 'line'>,
  response: DirectResponse,
): Again | null {
  const text = lines.answered(line, response);
  const result = read(Buffer.from(text));
  const isRefused = result.kind === 'failed' && result.stage === 'request' && result.blame !== 'row';
  if (isRefused && (result.blame === 'account' || result.retryable)) {
    asked.refused(number);
    throwIfRefused(result);
    return { why: response.status === 429 ? 'pace' : 'provider', message: result.message };
  }
  heard.answer(clock.now());
  asked.answered(number, `${text}\n`);
  return null;
}

function accountRefused(code: string, message: string): BatchlineError {
  return new BatchlineError(
    'account_refused',
    `A request was refused for the account's sake with ${code}, so nothing more is sent: ${message}`,
    {
      hint: 'Set it right at the provider (credit, spend limit, API key, project, access to the model). Rows that were not answered wait.',
      exitCode: 1,
    },
  );
}

/** @throws BatchlineError `provider_silent` */
export function throwIfSilent(heard: Heard, now: number, message: string): void {
  if (heard.silenceMs(now) > longestSilenceMs) throw providerSilent(message);
}

function providerSilent(message: string): BatchlineError {
  return new BatchlineError('provider_silent', `No request was answered for an hour. Last: ${message}`, {
    hint: 'Type the same command again once the provider is back; what was answered is kept.',
    exitCode: 1,
  });
}

/** @throws BatchlineError `account_refused` where that is what a result says */
export function throwIfRefused(result: ClassifiedResult): void {
  if (result.kind === 'failed' && result.stage === 'request' && result.blame === 'account')
    throw accountRefused(result.code, result.message);
}
