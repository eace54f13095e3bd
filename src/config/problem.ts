import { BatchlineError } from '../core/errors.ts';

/** One thing that is wrong in a pipeline file, and where it stands. */
export interface Problem {
  /** The file, or `--set path` for a value that came from the command line. */
  readonly where: string;
  /** Counted from 1; undefined where the problem is not in a file. */
  readonly line: number | undefined;
  readonly column: number | undefined;
  /** The key, as a path from the top of the file: `sink.columns.tags`; empty for the whole file. */
  readonly path: string;
  readonly message: string;
  /** What the person probably meant. */
  readonly suggestion: string | undefined;
  /** The line of the file, and under it a caret; where YAML itself is wrong. */
  readonly excerpt?: readonly string[];
}

/** `file:line:col  path  what is wrong  (did you mean x?)`, on one line. */
export function formatProblem(problem: Problem): string {
  const position = problem.line === undefined ? '' : `:${problem.line}:${problem.column ?? 1}`;
  const suggestion = problem.suggestion === undefined ? '' : `(did you mean ${problem.suggestion}?)`;
  return [`${problem.where}${position}`, problem.path, problem.message, suggestion]
    .filter((part) => part !== '')
    .map(escapeControls)
    .join('  ');
}

/** The same with the file's line under it, where it is to be shown. */
export function problemLines(problem: Problem): readonly string[] {
  return [formatProblem(problem), ...(problem.excerpt ?? []).map(escapeControls)];
}

/** In the order of the file; what came from the command line last. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  const line = (problem: Problem): number => problem.line ?? Number.MAX_SAFE_INTEGER;
  return problems.toSorted((a, b) => line(a) - line(b) || (a.column ?? 0) - (b.column ?? 0));
}

/** All that is wrong with a pipeline file, at once. */
export class ConfigError extends BatchlineError {
  readonly problems: readonly Problem[];
  /** The names of the file's targets. */
  readonly targets: readonly string[];

  constructor(file: string, problems: readonly Problem[], targets: readonly string[] = []) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    super(
      'invalid_pipeline',
      `the pipeline file has ${count}:\n${problems.flatMap(problemLines).join('\n')}`,
      {
        where: file,
        exitCode: 2,
      },
    );
    this.problems = problems;
    this.targets = targets;
  }
}

/** Keys and messages come from files: one must not be able to move the cursor or to fake a second line. */
function escapeControls(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
