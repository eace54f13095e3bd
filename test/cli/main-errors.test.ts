import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { CommandContext } from '../../src/cli/context.ts';
import { reportError } from '../../src/cli/report-error.ts';
import { BatchlineError } from '../../src/core/errors.ts';
import { Redactor } from '../../src/core/redact.ts';

function report(error: unknown, change: { readonly isDebug?: boolean; readonly signal?: AbortSignal } = {}) {
  const stderr = new PassThrough();
  const redactor = new Redactor();
  redactor.add('hunter22');
  const context: CommandContext = {
    stdout: new PassThrough(),
    stderr,
    env: {},
    cwd: '/',
    signals: {
      drain: change.signal ?? new AbortController().signal,
      abort: new AbortController().signal,
    },
    redactor,
    print: () => undefined,
  };
  const code = reportError(error, context, { logLevel: change.isDebug === true ? 'debug' : 'info' });
  return { code, text: String(stderr.read()) };
}

describe('an error at the command line', () => {
  test('is a line that says what, where and what to do', () => {
    const error = new BatchlineError('no_table', 'there is no table "tags"', {
      where: 'localhost:5432/shop',
      hint: 'Create it, or set create: true.',
    });
    expect(report(error)).toEqual({
      code: 2,
      text: 'error: there is no table "tags" (localhost:5432/shop)\nhint: Create it, or set create: true.\n',
    });
  });

  test('lists of several lines are joined to one', () => {
    const message = 'it was started with other requests:\n  request.prompt: 1 -> 2\n  flags.limit: 3 -> 4';
    const { text } = report(new BatchlineError('x', message, { hint: 'Do this.\nOr that.' }));
    expect(text).toBe(
      'error: it was started with other requests: request.prompt: 1 -> 2; flags.limit: 3 -> 4\nhint: Do this. Or that.\n',
    );
  });

  test('ends with the code that it carries', () => {
    expect(report(new BatchlineError('x', 'refused', { exitCode: 4 })).code).toBe(4);
  });

  test('does not say twice where it was', () => {
    expect(report(new BatchlineError('x', 'no file a.csv', { where: 'a.csv' })).text).toBe(
      'error: no file a.csv\n',
    );
  });

  test('shows no secret, in none of its parts', () => {
    const error = new BatchlineError('x', 'hunter22', { where: 'at hunter22', hint: 'not hunter22' });
    expect(report(error, { isDebug: true }).text).not.toContain('hunter22');
    expect(report(new TypeError('hunter22'), { isDebug: true }).text).not.toContain('hunter22');
  });

  test('is one line, and has no stack unless debugging', () => {
    expect(report(new BatchlineError('x', 'a\n  b\n')).text).toBe('error: a; b\n');
    expect(report(new BatchlineError('x', 'a'), { isDebug: true }).text).toContain('main-errors.test.ts');
  });

  test('that nobody threw on purpose is called a defect', () => {
    const { code, text } = report(new TypeError('x is not a function'));
    expect(code).toBe(2);
    expect(text).toMatch(/^error: x is not a function\nhint: this is a defect in batchline/);
    expect(text).not.toContain('    at ');
  });

  test('after the user stopped the command is not reported as one', () => {
    const reason = new BatchlineError('interrupted', 'stopped by SIGINT', { exitCode: 130 });
    const { code, text } = report(new Error('socket hang up'), { signal: AbortSignal.abort(reason) });
    expect(code).toBe(130);
    expect(text).toBe('error: stopped by SIGINT\n');
  });
});
