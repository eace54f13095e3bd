import type { Writable } from 'node:stream';
import type { Signals } from '../core/host.ts';
import type { Redactor } from '../core/redact.ts';

/** A stream that may be a terminal. */
export type Output = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** What a command is given of the process that runs it. */
export interface CommandContext {
  /** Data goes here, through `print`. */
  readonly stdout: Output;
  /** Logs and progress go here. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /**
   * Drained at the first SIGINT or SIGTERM, aborted at the second, with a BatchlineError of exit code 130. A command that
   * has nothing to finish ends at the first.
   */
  readonly signals: Signals;
  /** Pass it to `loadPipeline`, so that nothing that is printed shows a secret. */
  readonly redactor: Redactor;
  /** Writes one line to standard output, secrets taken out. */
  print(text: string): void;
}

/**
 * @param args the words after the command's name, without options
 * @param options by their names in camel case: `fullRefresh` for `--full-refresh`
 * @returns the exit code
 * @throws BatchlineError, which is shown as one line; its `exitCode`, or else 2, ends the process
 */
export type Main = (
  args: string[],
  options: Record<string, unknown>,
  context: CommandContext,
) => Promise<number>;

/** What a command's file exports. */
export interface CommandModule {
  readonly main: Main;
}
