import type { CommandModule } from './context.ts';

/** A flag of a command, as commander writes them: `--limit <n>`. */
export interface OptionSpec {
  readonly flags: string;
  readonly description: string;
  /** The values that it takes. */
  readonly values?: readonly string[];
  readonly defaultValue?: string | number;
  /** Whether the command cannot do without it. */
  readonly required?: boolean;
  /** Whether it may be given more than once; its value is then a list. */
  readonly repeatable?: boolean;
  /** Turns the text into the value. @throws InvalidValue where it cannot be one */
  readonly parse?: (text: string) => unknown;
}

/** A command: what help and the reference say of it, and where its code is. */
export interface CommandSpec {
  readonly name: string;
  /** Its arguments as commander writes them: `<file...>`, `[run]`. */
  readonly args: string;
  readonly summary: string;
  readonly options: readonly OptionSpec[];
  /** Whether `--json` prints a run's summary, or a list of them; also where the command ends by an error. */
  readonly prints?: 'summary' | 'summaries';
  readonly load: () => Promise<CommandModule>;
}

/** Thrown by an option's `parse`; the message completes "the value ...". */
export class InvalidValue extends Error {}

/** What each exit code means. */
export const exitCodes: readonly { readonly code: number; readonly meaning: string }[] = [
  { code: 0, meaning: 'All is well; failures within `max_failed_rows` included.' },
  {
    code: 1,
    meaning:
      'After the first upload: more failed rows than `max_failed_rows`, or a step that gave up, also what `cancel` could not reach or load.',
  },
  {
    code: 2,
    meaning:
      'Anything found before the first upload: usage, the pipeline file, the checks of source, sink, state, provider and key.',
  },
  {
    code: 3,
    meaning:
      'Unfinished, nothing wrong: `run --no-wait` and `collect` with batches under way, `cancel --no-wait` still cancelling, `load` with rows that have no result yet.',
  },
  { code: 4, meaning: 'Refused: a confirmation is missing, or another process owns the run.' },
  { code: 130, meaning: 'Stopped by SIGINT or SIGTERM; the same command resumes.' },
];
