import { requestBlock } from '../../../src/core/request-block.ts';
import { anthropic } from '../../../src/providers/anthropic.ts';
import {
  describeProvider,
  type ProviderFault,
  type ProviderWorld,
  type RecordedLine,
} from '../../contract/provider-contract.ts';
import { createEmulator } from '../../support/emulator.ts';
import { openProvider } from './open.ts';

function refused(status: number, type: string, message: string): object {
  const body = { type: 'error', error: { type, message }, request_id: 'req_1' };
  return { http: [{ fault: 'status', on: 'create_batch', status, body, times: 1 }] };
}

/** What the emulator is told for each. */
const faults: Readonly<Record<ProviderFault, object>> = {
  'lost create reply': { http: [{ fault: 'cut', on: 'create_batch', effect: 'done', times: 1 }] },
  'no answer': { http: [{ fault: 'cut', on: 'create_batch', times: 1 }] },
  'refused lines': refused(
    400,
    'invalid_request_error',
    'requests.1.custom_id: String should have at most 64 characters; requests.3.params: Field required',
  ),
  'unexplained refusal': refused(400, 'invalid_request_error', 'Something is wrong.'),
  'want of room': refused(
    429,
    'rate_limit_error',
    'Number of requests in the batch processing queue exceeds your limit.',
  ),
  'cut download': { http: [{ fault: 'download_cut', at: 0.5, times: 1 }] },
};

const message =
  '{"id":"msg_1","type":"message","role":"assistant","model":"claude-haiku-4-5-20251001","content":[{"type":"thinking","thinking":"Hm.","signature":"x"},{"type":"text","text":"Hel"},{"type":"text","text":"lo."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":22,"output_tokens":2}}';

function errored(id: string, error: object, requestId: string | null): string {
  const result = { type: 'errored', error: { type: 'error', error, request_id: requestId } };
  return JSON.stringify({ custom_id: id, result });
}

function failed(code: string, says: object, requestId: string | null = null): RecordedLine['says'] {
  return { kind: 'failed', requestId, failure: { code, ...says } } as RecordedLine['says'];
}

/** Of Anthropic's documentation and SDK, and of replies that people have quoted. */
const recorded: readonly RecordedLine[] = [
  {
    line: `{"custom_id":"r1","result":{"type":"succeeded","message":${message}}}`,
    says: { kind: 'answered', customId: 'r1', requestId: null, text: 'Hello.' },
  },
  {
    line: errored('r2', { type: 'invalid_request_error', message: 'prompt is too long' }, 'req_2'),
    says: failed(
      'invalid_request_error',
      { message: 'prompt is too long', ran: true, blame: 'row' },
      'req_2',
    ),
  },
  {
    line: errored(
      'r3',
      {
        type: 'invalid_request_error',
        message:
          'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
      },
      null,
    ),
    says: failed('invalid_request_error', { blame: 'account', retryable: false }),
  },
  {
    line: errored('r4', { type: 'overloaded_error', message: 'Overloaded' }, null),
    says: failed('overloaded_error', { blame: 'provider', retryable: true }),
  },
  {
    line: errored('r5', { type: 'not_found_error', message: 'model: claude-nope' }, null),
    says: failed('not_found_error', { blame: 'account', retryable: false }),
  },
  {
    line: errored(
      'r6',
      {
        type: 'rate_limit_error',
        message: 'No more.',
        details: { error_code: 'enforced_spend_limit_reached' },
      },
      null,
    ),
    says: failed('enforced_spend_limit_reached', { blame: 'account', retryable: false }),
  },
  {
    line: '{"custom_id":"r7","result":{"type":"expired"}}',
    says: failed('batch_expired', { ran: false, retryable: true, blame: 'provider' }),
  },
  {
    line: '{"custom_id":"r8","result":{"type":"canceled"}}',
    says: failed('batch_cancelled', { ran: false, retryable: true, blame: 'provider' }),
  },
  { line: '{"custom_id":"r9","result":null}', says: failed('no_response', { retryable: true }) },
  { line: '{"custom_id":"r10","message":{"content":"an answer without its envelope"}}', says: null },
  { line: '{"result":{"type":"expired"}}', says: null },
];

async function createWorld(): Promise<ProviderWorld> {
  const emulator = await createEmulator({ apiKey: 'sk-ant-right' });
  const { origin } = new URL(emulator.url);
  return {
    dialect: anthropic.dialect,
    request: requestBlock.parse({ endpoint: 'chat', model: 'claude-haiku-4-5', prompt: 'hello' }),
    open: () => openProvider({ base_url: origin, api_key: 'sk-ant-right' }),
    openWithWrongKey: () => openProvider({ base_url: origin, api_key: 'sk-ant-wrong' }),
    inject: async (fault) => {
      const url = new URL('/emulator/faults', origin);
      await fetch(url, { method: 'PUT', body: JSON.stringify(faults[fault]) });
    },
    billed: async () => {
      const entries = await emulator.bill();
      return entries.filter(({ event }) => event === 'accepted').length;
    },
    recorded,
    keepsLabels: false,
    [Symbol.asyncDispose]: () => emulator[Symbol.asyncDispose](),
  };
}

describeProvider('anthropic', createWorld);
