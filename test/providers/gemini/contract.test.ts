import { requestBlock } from '../../../src/core/request-block.ts';
import { gemini } from '../../../src/providers/gemini.ts';
import {
  describeProvider,
  type ProviderFault,
  type ProviderWorld,
  type RecordedLine,
} from '../../contract/provider-contract.ts';
import { createEmulator } from '../../support/emulator.ts';
import { openProvider } from './open.ts';

/** What the emulator is told for each. */
const faults: Readonly<Record<ProviderFault, object>> = {
  'lost create reply': { http: [{ fault: 'cut', on: 'create_batch', effect: 'done', times: 1 }] },
  'no answer': { http: [{ fault: 'cut', on: 'create_batch', times: 1 }] },
  'refused lines': {
    batches: [
      { fault: 'rejected', code: 'invalid_json_line', message: 'Lines 2 and 4 are not JSON.', times: 1 },
    ],
  },
  'unexplained refusal': {
    batches: [{ fault: 'rejected', code: 'unknown', message: 'Something is wrong.', times: 1 }],
  },
  'want of room': { limits: { enqueued_tokens: 1 } },
  'cut download': { http: [{ fault: 'download_cut', at: 0.5, times: 1 }] },
};

const failure = (says: object) => ({ kind: 'failed', failure: says }) as unknown as RecordedLine['says'];

/** Of Google's cookbook and of replies that people have quoted. */
const recorded: readonly RecordedLine[] = [
  {
    line: '{"response":{"candidates":[{"content":{"parts":[{"text":"Hm.","thought":true},{"text":"Hello."}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":2,"totalTokenCount":30,"thoughtsTokenCount":19},"modelVersion":"gemini-2.5-flash","responseId":"x1"},"key":"r1"}',
    says: { kind: 'answered', customId: 'r1', requestId: 'x1', text: 'Hello.' },
  },
  {
    line: '{"key":"r2","error":{"code":13,"message":"An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting"}}',
    says: failure({ code: 'internal', retryable: true, blame: 'provider', ran: true }),
  },
  {
    line: '{"key":"r3","error":{"code":3,"message":"Request contains an invalid argument.","status":"INVALID_ARGUMENT"}}',
    says: failure({ code: 'invalid_argument', retryable: false, blame: 'row', ran: true }),
  },
  {
    line: '{"key":"r4","response":{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"modelVersion":"gemini-2.5-flash"}}',
    says: { kind: 'answered', customId: 'r4' },
  },
  { line: '{"key":"r5"}', says: failure({ code: 'no_response', retryable: true, ran: false }) },
  { line: '{"response":{"candidates":[]}}', says: null },
];

async function createWorld(): Promise<ProviderWorld> {
  const emulator = await createEmulator({ apiKey: 'right-key' });
  const { origin } = new URL(emulator.url);
  return {
    dialect: gemini.dialect,
    request: requestBlock.parse({ endpoint: 'chat', model: 'gemini-2.5-flash', prompt: 'hello' }),
    open: () => openProvider({ base_url: origin, api_key: 'right-key' }),
    openWithWrongKey: () => openProvider({ base_url: origin, api_key: 'wrong-key-0001' }),
    inject: async (fault) => {
      const url = new URL('/emulator/faults', origin);
      await fetch(url, { method: 'PUT', body: JSON.stringify(faults[fault]) });
    },
    billed: async () => {
      const entries = await emulator.bill();
      const count = (event: string): number => entries.filter((entry) => entry.event === event).length;
      return count('accepted') - count('refused');
    },
    recorded,
    keepsLabels: true,
    [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose](),
  };
}

describeProvider('gemini', createWorld);
