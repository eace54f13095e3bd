import { providerAt } from '../../support/emulator.ts';
import { run, runAgain, type Scene } from '../scene.ts';
import { expectFilesBoughtOnce, notesPipeline, notesScene } from './notes.ts';

/** `run` where nothing names a batch: a create that is refused in passing, one whose reply is lost, a cut download. */
const anthropic: Scene = {
  ...notesScene,
  name: 'run_anthropic',
  emulator: {
    faults: {
      http: [
        { fault: 'status', status: 529, on: 'create_batch', requests: 1 },
        { fault: 'cut', on: 'create_batch', requests: 3, effect: 'done' },
        { fault: 'download_cut', at: 0.5, times: 1 },
      ],
    },
  },
  pipeline: (places) => ({
    ...notesPipeline(places),
    request: { endpoint: 'chat', model: 'claude-haiku-4-5', prompt: '{{ body }}' },
    provider: { ...providerAt(new URL(places.provider).origin), type: 'anthropic' },
  }),
  command: () => run,
  after: runAgain,
  expect: expectFilesBoughtOnce,
  about: 120,
  doors: [
    'http POST /v1/messages/batches sent',
    'http POST /v1/messages/batches answered',
    'file rename output',
  ],
};

export const anthropicScenes: readonly Scene[] = [anthropic];
