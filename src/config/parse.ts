import { valueAt, withValue, type Fault, type Path } from './fault.ts';
import { explainIssue } from './issues.ts';
import { pipelineSchema, type Pipeline } from './pipeline.ts';

export interface Parsed {
  /** Undefined where there are faults. */
  readonly pipeline: Pipeline | undefined;
  readonly faults: readonly Fault[];
  /** The data as it was judged, some numbers back to text. */
  readonly data: unknown;
}

/**
 * Judges a file's data by the schema. A value that was read from a variable or from `--set` as a number, while its key
 * wants text (an API key of digits only), counts as the text that it was.
 *
 * @param textOf the text of such a value, by its path
 */
export function parsePipeline(data: unknown, textOf: (path: Path) => string | undefined): Parsed {
  const first = parseOnce(data);
  const retyped = first.faults.flatMap(({ path }) => {
    const text = textOf(path);
    const value = valueAt(data, path);
    return text === undefined || value === undefined || typeof value === 'string' ? [] : [{ path, text }];
  });
  if (retyped.length === 0) return first;
  const second = parseOnce(putTexts(data, retyped));
  const isStillWrong = ({ path }: { path: Path }) =>
    second.faults.some((fault) => samePath(fault.path, path));
  const helped = retyped.filter((each) => !isStillWrong(each));
  return helped.length === retyped.length ? second : parseOnce(putTexts(data, helped));
}

function parseOnce(data: unknown): Parsed {
  const result = pipelineSchema.safeParse(data);
  if (result.success) return { pipeline: result.data, faults: [], data };
  const context = { schema: pipelineSchema, data };
  return {
    pipeline: undefined,
    faults: result.error.issues.flatMap((issue) => explainIssue(issue, context)),
    data,
  };
}

function putTexts(data: unknown, texts: readonly { readonly path: Path; readonly text: string }[]): unknown {
  return texts.reduce((result, { path, text }) => withValue(result, path, text), data);
}

function samePath(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((key, index) => String(key) === String(b[index]));
}
