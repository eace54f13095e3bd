import { requestBlock } from '../../../src/core/request-block.ts';
import { openai } from '../../../src/providers/openai.ts';
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
      { fault: 'rejected', code: 'invalid_json_line', message: 'Not JSON.', lines: [2, 4], times: 1 },
    ],
  },
  'unexplained refusal': {
    batches: [{ fault: 'rejected', code: 'unknown', message: 'Something is wrong.', times: 1 }],
  },
  'want of room': { limits: { enqueued_tokens: 1 } },
  'cut download': { http: [{ fault: 'download_cut', at: 0.5, times: 1 }] },
};

/** Of OpenAI's documentation and of vLLM's `run-batch`. */
const recorded: readonly RecordedLine[] = [
  {
    line: '{"id":"batch_req_1","custom_id":"r1","response":{"status_code":200,"request_id":"req_1","body":{"id":"chatcmpl-1","object":"chat.completion","model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"message":{"role":"assistant","content":"Hello."},"finish_reason":"stop"}],"usage":{"prompt_tokens":22,"completion_tokens":2,"total_tokens":24}}},"error":null}',
    says: { kind: 'answered', customId: 'r1', requestId: 'req_1', text: 'Hello.' },
  },
  {
    line: '{"id":"batch_req_2","custom_id":"r2","response":{"status_code":400,"request_id":"req_2","body":{"error":{"message":"Too long.","type":"invalid_request_error","code":"context_length_exceeded"}}},"error":null}',
    says: {
      kind: 'failed',
      customId: 'r2',
      failure: {
        code: 'context_length_exceeded',
        message: 'Too long.',
        retryable: false,
        ran: true,
        blame: 'row',
        usage: null,
      },
    },
  },
  {
    line: '{"id":"batch_req_3","custom_id":"r3","response":null,"error":{"code":"batch_expired","message":"Too late."}}',
    says: {
      kind: 'failed',
      customId: 'r3',
      failure: {
        code: 'batch_expired',
        message: 'Too late.',
        retryable: true,
        ran: false,
        blame: 'provider',
        usage: null,
      },
    },
  },
  {
    line: '{"id":"vllm-1","custom_id":"r4","response":{"status_code":500,"request_id":"x","body":null},"error":"out of memory"}',
    says: { kind: 'failed', customId: 'r4' },
  },
  { line: '{"response":{"status_code":200}}', says: null },
];

async function createWorld(): Promise<ProviderWorld> {
  const emulator = await createEmulator({ apiKey: 'sk-right' });
  return {
    dialect: openai.dialect,
    request: requestBlock.parse({ endpoint: 'chat', model: 'gpt-4o-mini', prompt: 'hello' }),
    open: () => openProvider({ base_url: emulator.url, api_key: 'sk-right' }),
    openWithWrongKey: () => openProvider({ base_url: emulator.url, api_key: 'sk-wrong-0001' }),
    inject: async (fault) => {
      const url = new URL('/emulator/faults', emulator.url);
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

describeProvider('openai', createWorld);
