import { providerAt } from '../../support/emulator.ts';
import { run, runAgain, type Scene } from '../scene.ts';
import { expectFilesBoughtOnce, notesPipeline, notesScene } from './notes.ts';

/** `run` where a batch is known by its name: a create that is refused in passing, one whose reply is lost, a cut download. */
const gemini: Scene = {
  ...notesScene,
  name: 'run_gemini',
  emulator: {
    faults: {
      http: [
        { fault: 'status', status: 503, on: 'create_batch', requests: 1 },
        { fault: 'cut', on: 'create_batch', requests: 3, effect: 'done' },
        { fault: 'download_cut', at: 0.5, times: 1 },
      ],
    },
  },
  pipeline: (places) => ({
    ...notesPipeline(places),
    request: { endpoint: 'chat', model: 'gemini-2.5-flash', prompt: '{{ body }}' },
    provider: { ...providerAt(new URL(places.provider).origin), type: 'gemini' },
  }),
  command: () => run,
  after: runAgain,
  expect: expectFilesBoughtOnce,
  about: 120,
  doors: [
    'http POST /v1beta/models/gemini-2.5-flash:batchGenerateContent sent',
    'http POST /v1beta/models/gemini-2.5-flash:batchGenerateContent answered',
    'file rename output',
  ],
};

export const geminiScenes: readonly Scene[] = [gemini];
