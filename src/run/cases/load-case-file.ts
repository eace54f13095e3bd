import { readFile } from 'node:fs/promises';
import { caseFileSchema, type CaseFile, type TestCase } from '../../config/case-schema.ts';
import { PipelineDocument } from '../../config/document.ts';
import { formatPath, type Fault, type Path } from '../../config/fault.ts';
import { explainIssue } from '../../config/issues.ts';
import { ConfigError, sortProblems, type Problem } from '../../config/problem.ts';
import { BatchlineError, errorCode, errorMessage } from '../../core/errors.ts';

/** A case with its place in the file. */
export interface PlacedCase extends TestCase {
  readonly name: string | null;
  readonly rows: NonNullable<TestCase['rows']>;
  readonly path: Path;
  readonly rowsPath: Path;
}

export interface LoadedCases {
  readonly path: string;
  readonly file: CaseFile;
  readonly cases: readonly PlacedCase[];
  /** `file:line:col` of a value. */
  readonly placeOf: (path: Path) => string;
  /** What is wrong with the file after all. */
  readonly problems: (faults: readonly Fault[]) => ConfigError;
}

/** The test file that belongs to a pipeline file, and the other way round. */
export function caseFileOf(path: string): { readonly pipeline: string; readonly cases: string } {
  const named = /^(.*)\.test(\.ya?ml)$/i.exec(path);
  if (named !== null) return { pipeline: `${named[1] ?? ''}${named[2] ?? ''}`, cases: path };
  return { pipeline: path, cases: path.replace(/(\.ya?ml)?$/i, (end) => `.test${end || '.yaml'}`) };
}

/** @throws ConfigError with everything that is wrong in the file, BatchlineError where it cannot be read */
export async function loadCaseFile(path: string): Promise<LoadedCases> {
  const document = new PipelineDocument(await readText(path));
  const problemOf = (fault: Fault): Problem => ({
    where: path,
    ...document.locate(fault),
    path: formatPath(fault.path),
    message: fault.message,
    suggestion: fault.suggestion,
  });
  const problems = (faults: readonly Fault[]): ConfigError =>
    new ConfigError(path, sortProblems(faults.map(problemOf)));
  const syntax = document.syntaxFaults();
  if (syntax.length > 0) {
    throw new ConfigError(
      path,
      syntax.map(({ offset, message, path: at = [] }) => ({
        ...problemOf({ path: at, message }),
        ...document.position(offset),
      })),
    );
  }
  const data = document.toData();
  const parsed = caseFileSchema.safeParse(data);
  if (!parsed.success)
    throw problems(
      parsed.error.issues.flatMap((issue) => explainIssue(issue, { schema: caseFileSchema, data })),
    );
  const file = parsed.data;
  const cases = casesOf(file);
  const empty = cases.filter((each) => each.rows.length === 0);
  if (empty.length > 0)
    throw problems(
      empty.map((each) => ({ path: [...each.path, 'rows'], message: 'required', at: 'parent' })),
    );
  const placeOf = (at: Path): string => {
    const { line, column } = document.locate({ path: at, message: '' });
    return `${path}:${line}:${column}`;
  };
  return { path, file, cases, placeOf, problems };
}

function casesOf({ cases, rows = [], ...own }: CaseFile): readonly PlacedCase[] {
  const { target: _target, env: _env, ...alone } = own;
  const isAlone = cases === undefined || Object.keys(alone).length > 0;
  const first = isAlone ? [{ ...alone, name: null, rows, path: [], rowsPath: ['rows'] }] : [];
  const others = (cases ?? []).map((each, index) => ({
    ...each,
    rows: each.rows ?? rows,
    path: ['cases', index],
    rowsPath: each.rows === undefined ? ['rows'] : ['cases', index, 'rows'],
  }));
  return [...first, ...others];
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const isMissing = errorCode(error) === 'ENOENT';
    throw new BatchlineError(
      'no_test_file',
      isMissing ? 'The pipeline has no test file.' : `The test file cannot be read: ${errorMessage(error)}`,
      {
        where: path,
        hint: 'Write one with rows, answers and what is then loaded: see docs/trying-out.md.',
        exitCode: 2,
        cause: error,
      },
    );
  }
}
