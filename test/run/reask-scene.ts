import type { FaultsInput } from '../../src/emulator/faults/faults.ts';
import { type CarriedOut } from '../support/batches-of.ts';
import { createEmulator, type TestEmulator } from '../support/emulator.ts';
import type { PipelineProject } from '../support/pipeline-process.ts';
import { project, type Parts } from './scene.ts';

export const output = {
  schema: {
    type: 'object',
    properties: { tag: { type: 'string' }, words: { type: 'array', items: { type: 'string' } } },
    required: ['tag', 'words'],
    additionalProperties: false,
  },
  on_invalid: 'reask',
};

export const misfit = '["this does not fit"]';

export const complaint =
  'Your answer was not accepted: the answer must be object. Answer again with nothing but JSON that fits the schema.';

interface Message {
  readonly role: string;
  readonly content: string;
}

export interface Body {
  readonly messages?: readonly Message[];
  readonly input?: string | readonly Message[];
}

interface ReaskScene extends AsyncDisposable {
  readonly emulator: TestEmulator;
  readonly project: PipelineProject;
}

export async function scene(
  rows: FaultsInput['rows'],
  { request, ...parts }: Parts = {},
): Promise<ReaskScene> {
  await using resources = new AsyncDisposableStack();
  const emulator = resources.use(await createEmulator({ faults: { rows } }));
  const made = await project(emulator.url, { ...parts, request: { output, ...request } });
  resources.use(made);
  const kept = resources.move();
  return { emulator, project: made, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

export function bodyOf(batch: CarriedOut | undefined, id: string): Body {
  return (JSON.parse(batch?.lines.get(id) ?? '{}') as { readonly body: Body }).body;
}
