import { BatchlineError, errorMessage } from '../core/errors.ts';

export interface Check {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What to do. */
  readonly hint: string | null;
}

/** What was looked at, in order. A check that fails keeps no other from being made. */
export class CheckList {
  readonly checks: Check[] = [];

  add(name: string, status: Check['status'], message: string, hint: string | null = null): void {
    this.checks.push({ name, status, message, hint });
  }

  /** Notes why something failed. */
  fail(name: string, error: unknown): void {
    if (!(error instanceof BatchlineError)) return this.add(name, 'fail', errorMessage(error));
    this.add(name, 'fail', error.message, error.hint ?? null);
  }

  /** Makes a check that says itself what is well. @returns what it found; undefined where it failed */
  async attempt<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.fail(name, error);
      return undefined;
    }
  }
}
