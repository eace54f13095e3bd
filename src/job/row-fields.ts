import { declarationOf } from '../config/blocks.ts';
import { dialectOf } from '../config/dialect-of.ts';
import type { LoadedPipeline } from '../config/load.ts';
import type { Pipeline } from '../config/pipeline.ts';
import { ConfigError } from '../config/problem.ts';
import { BatchlineError } from '../core/errors.ts';
import type { RowFields } from '../core/row-fields.ts';
import type { OpenedTransform } from '../core/transform.ts';
import { fieldIndex } from '../core/row-batch.ts';
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
    const context = { baseDir, keyParts, encoding };
    const opened = await openLeniently(fields, (given) => declaration.open(block, given, context));
    faults.push(...opened.messages.map((message) => ({ transform, message })));
    fields = opened.fields === null ? undefined : [...opened.fields, ...madeAnyway(block, opened.fields)];
    if (declaration.keyField !== undefined) keyParts += 1;
  }
  return { before, leaving: fields, faults };
}

interface LenientlyOpened {
  /** What leaves the transform; null where that cannot be told. */
  readonly fields: readonly Field[] | null;
  readonly messages: readonly string[];
}

/**
 * Opens a transform, past each field that it names and that there is not, so that everything behind it is judged too.
 * Whatever else keeps it from opening is told when it is opened to be used.
 */
async function openLeniently(
  incoming: readonly Field[],
  open: (fields: readonly Field[]) => Promise<OpenedTransform>,
): Promise<LenientlyOpened> {
  const messages: string[] = [];
  let fields = incoming;
  for (;;) {
    try {
      return { fields: (await open(fields)).fields, messages };
    } catch (error) {
      if (!(error instanceof BatchlineError)) throw error;
      const { code, where: name } = error;
      // Its texts are judged by themselves.
      if (textCodes.has(code)) return { fields, messages };
      if (code === 'unknown_field' || code === 'duplicate_field') messages.push(messageOf(error));
      if (code !== 'unknown_field' || name === undefined || fieldIndex(fields, name) !== -1)
        return { fields: null, messages };
      fields = [...fields, { name, kind: 'text', sqlType: 'text' }];
    }
  }
}

const textCodes: ReadonlySet<string> = new Set([
  'invalid_expression',
  'invalid_template',
  'unknown_variable',
]);

/** The field that a transform makes whose text is wrong. */
function madeAnyway(
  { field: name }: { readonly [key: string]: unknown },
  fields: readonly Field[],
): readonly Field[] {
  if (typeof name !== 'string' || fieldIndex(fields, name) !== -1) return [];
  return [{ name, kind: 'text', sqlType: 'text' }];
}

function messageOf({ message, hint }: BatchlineError): string {
  return hint === undefined ? message : `${message}. ${hint}`;
}
