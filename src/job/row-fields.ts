import { declarationOf } from '../config/blocks.ts';
import { dialectOf } from '../config/dialect-of.ts';
import type { LoadedPipeline } from '../config/load.ts';
import type { Pipeline } from '../config/pipeline.ts';
import { ConfigError } from '../config/problem.ts';
import { BatchlineError } from '../core/errors.ts';
import type { RowFields } from '../core/row-fields.ts';
import type { Field } from '../core/value.ts';
import { transforms } from '../transforms/index.ts';
import { sourceKeyNames } from './key-names.ts';

/**
 * Looks at every name that the file has for a field, once the source's are known, so that all that is wrong is told at
 * once and with its place in the file.
 *
 * @throws ConfigError
 */
export async function checkFieldNames(loaded: LoadedPipeline, fields: readonly Field[]): Promise<void> {
  const { pipeline, baseDir } = loaded;
  const row = await rowFields(pipeline, fields, { baseDir, runsModules: true });
  const problems = loaded.problemsOf(row);
  if (problems.length > 0) throw new ConfigError(loaded.file, problems);
}

/** What is needed of a pipeline to follow its rows. */
export type RowPath = Pick<Pipeline, 'source' | 'transforms' | 'provider' | 'request'>;

export interface FollowOptions {
  readonly baseDir: string;
  /** Whether the user's own code may be loaded; without it nothing is known behind it. */
  readonly runsModules: boolean;
}

/** Follows the fields of a source through the transforms. */
export async function rowFields(
  pipeline: RowPath,
  sourceFields: readonly Field[],
  { baseDir, runsModules }: FollowOptions,
): Promise<RowFields> {
  const before: (readonly Field[] | undefined)[] = [];
  const faults: { transform: number; message: string }[] = [];
  const { encoding } = dialectOf(pipeline).facts(pipeline.request);
  let keyParts = sourceKeyNames(pipeline).length;
  let fields: readonly Field[] | undefined = sourceFields;
  for (const [transform, block] of pipeline.transforms.entries()) {
    before.push(fields);
    if (fields === undefined) continue;
    const declaration = declarationOf(transforms, block);
    if (declaration.name === 'module' && !runsModules) {
      fields = undefined;
      continue;
    }
    try {
      fields = (await declaration.open(block, fields, { baseDir, keyParts, encoding })).fields;
    } catch (error) {
      if (!(error instanceof BatchlineError)) throw error;
      fields = undefined;
      if (namesFields.has(error.code)) faults.push({ transform, message: messageOf(error) });
    }
    if (declaration.keyField !== undefined) keyParts += 1;
  }
  return { before, leaving: fields, faults };
}

/** Whatever else keeps a transform from opening is told when it is opened to be used; its texts are judged by themselves. */
const namesFields: ReadonlySet<string> = new Set(['unknown_field', 'duplicate_field']);

function messageOf({ message, hint }: BatchlineError): string {
  return hint === undefined ? message : `${message}. ${hint}`;
}
