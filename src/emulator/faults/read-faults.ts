import { readFile } from 'node:fs/promises';
import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import { BatchlineError, errorMessage } from '../../core/errors.ts';
import { explain, type Path, type Problem } from './fault-issues.ts';
import { faultsSchema, type Faults, type FaultsInput } from './faults.ts';

/** Reads a file of faults, YAML or JSON. @throws BatchlineError `invalid_faults`, `faults_unreadable` */
export async function readFaultsFile(path: string): Promise<FaultsInput> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new BatchlineError('faults_unreadable', `cannot read the file of faults: ${errorMessage(error)}`, {
      where: path,
      exitCode: 2,
    });
  }
  return parseFaults(text, path);
}

/** Reads faults from a text, YAML or JSON; an empty one says that there are none. @throws BatchlineError `invalid_faults` */
export function parseFaults(text: string, where: string): FaultsInput {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${where}:${line}:${col}`;
  };
  const [error] = document.errors;
  if (error !== undefined) throw invalid(where, [`${place(error.pos[0])}  ${error.message}`]);
  const data: unknown = document.toJS() ?? {};
  const problems = findProblems(data);
  if (problems.length > 0) {
    throw invalid(
      where,
      problems.map((problem) => `${place(offsetOf(document, problem.path))}  ${formatProblem(problem)}`),
    );
  }
  return data as FaultsInput;
}

/** @throws BatchlineError `invalid_faults` */
export function checkFaults(data: unknown): Faults {
  const result = faultsSchema.safeParse(data);
  if (result.success) return result.data;
  throw invalid(undefined, findProblems(data).map(formatProblem));
}

function findProblems(data: unknown): readonly Problem[] {
  const result = faultsSchema.safeParse(data);
  return result.success ? [] : result.error.issues.flatMap((issue) => explain(issue, data));
}

function formatProblem({ path, message }: Problem): string {
  const place = path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
  return place === '' ? message : `${place}  ${message}`;
}

function invalid(where: string | undefined, problems: readonly string[]): BatchlineError {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  const hint = 'docs/emulator.md describes every fault.';
  return new BatchlineError('invalid_faults', `the faults have ${count}:\n${problems.join('\n')}`, {
    where,
    hint,
    exitCode: 2,
  });
}

/** Where a path stands in the text, or the nearest of its parents that does. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && key.value === last)
      : undefined;
    const node = pair?.key ?? document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}
