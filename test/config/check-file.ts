import { checkPipeline, type Checked } from '../../src/config/check.ts';
import { parseOverrides } from '../../src/config/overrides.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { Redactor } from '../../src/core/redact.ts';

export interface CheckedFile extends Checked {
  /** The problems as they are printed. */
  readonly lines: readonly string[];
  readonly redactor: Redactor;
}

/** Checks a pipeline file's text as `pipeline validate` would, under the name p.yaml. */
export function checkFile(
  source: string,
  env: Readonly<Record<string, string>> = {},
  set: readonly string[] = [],
): CheckedFile {
  const redactor = new Redactor();
  const { overrides } = parseOverrides(set);
  const checked = checkPipeline(source, { file: 'p.yaml', env, overrides, redactor });
  return { ...checked, redactor, lines: checked.problems.map(formatProblem) };
}

/** A pipeline without fault; tests break a line of it. */
export const sound = `name: tags
source:
  type: postgres
  url: embedded
  table: tickets
  key: id
request:
  endpoint: chat
  model: gpt-4o-mini
  prompt: "{{ subject }}"
sink:
  type: postgres
  url: embedded
  table: tags
  key: id
`;

/** The sound pipeline with one piece of its text replaced. */
export function broken(piece: string, replacement: string): string {
  if (!sound.includes(piece)) throw new Error(`the sound pipeline has no ${piece}`);
  return sound.replace(piece, () => replacement);
}
