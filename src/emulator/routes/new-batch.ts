import { idOf, type ServerManners } from '../faults/server-manners.ts';
import { badRequest, invalidType, invalidValue, missingParameter } from '../http/api-error.ts';
import { isMap, type JsonMap } from '../../core/json.ts';
import { endpoints, isEndpoint, type BatchRecord } from '../state/batch-record.ts';
import type { FileStore } from '../state/file-store.ts';
import { checkLifetime } from './upload.ts';

/** How the ids of OpenAI's batches begin. */
export const batchIds = 'batch_';

/** The record of the batch that a create call asks for. @throws ApiError 400 */
export function readNewBatch(body: JsonMap, files: FileStore, manners: ServerManners | null): BatchRecord {
  for (const name of ['input_file_id', 'endpoint', 'completion_window']) {
    if (body[name] === undefined) throw missingParameter(name);
  }
  const { endpoint, completion_window: window } = body;
  if (!isEndpoint(endpoint)) {
    throw invalidValue('endpoint', endpoint, endpoints.map((name) => `'${name}'`).join(', '));
  }
  const windows = manners?.windows ?? ['24h'];
  if (!windows.includes(String(window)))
    throw invalidValue('completion_window', window, windows.map((name) => `'${name}'`).join(', '));
  return {
    ...newRecord,
    id: idOf(manners, batchIds),
    endpoint,
    input_file_id: checkInputFile(body['input_file_id'], files),
    metadata: checkMetadata(body['metadata']),
    created_ms: Date.now(),
    output_lifetime: checkOutputLifetime(body['output_expires_after']),
  };
}

/** What a batch is that nothing has been done for. */
export const newRecord = {
  status: 'validating',
  model: null,
  errors: null,
  output_file_id: null,
  error_file_id: null,
  request_counts: { total: 0, completed: 0, failed: 0 },
  usage: null,
  in_progress_at: null,
  finalizing_at: null,
  completed_at: null,
  failed_at: null,
  cancelling_at: null,
  cancelled_at: null,
  answered_at_cancel: null,
  expired_at: null,
  enqueued_tokens: null,
  plan: null,
  billed: false,
} as const;

function checkInputFile(id: unknown, files: FileStore): string {
  if (typeof id !== 'string') throw invalidType('input_file_id', 'a string', id);
  const file = files.get(id);
  if (file === undefined) {
    throw badRequest(
      `Invalid 'input_file_id': no such File object: ${id}`,
      'input_file_id',
      'invalid_file_id',
    );
  }
  if (file.purpose !== 'batch') {
    throw badRequest(
      `Invalid 'input_file_id': its purpose is '${file.purpose}', not 'batch'.`,
      'input_file_id',
      null,
    );
  }
  return id;
}

function checkOutputLifetime(rule: unknown): number | null {
  if (rule === undefined || rule === null) return null;
  if (!isMap(rule)) throw invalidType('output_expires_after', 'an object', rule);
  return checkLifetime('output_expires_after', rule['anchor'], rule['seconds']);
}

const mostPairs = 16;
const longestKey = 64;
const longestValue = 512;

function checkMetadata(metadata: unknown): Record<string, string> | null {
  if (metadata === undefined || metadata === null) return null;
  if (!isMap(metadata)) throw invalidType('metadata', 'an object', metadata);
  const pairs = Object.entries(metadata);
  if (pairs.length > mostPairs) {
    const message = `Invalid 'metadata': too many properties. Expected at most ${mostPairs}, but got ${pairs.length} instead.`;
    throw badRequest(message, 'metadata', 'object_above_max_properties');
  }
  return Object.fromEntries(pairs.map(([key, value]) => [checkKey(key), checkValue(key, value)]));
}

function checkKey(key: string): string {
  if (key.length <= longestKey) return key;
  const message = `Invalid 'metadata': a key is too long. Expected at most ${longestKey} characters, but got ${key.length} instead.`;
  throw badRequest(message, 'metadata', 'string_above_max_length');
}

function checkValue(key: string, value: unknown): string {
  const param = `metadata.${key}`;
  if (typeof value !== 'string') throw invalidType(param, 'a string', value);
  if (value.length <= longestValue) return value;
  const message = `Invalid '${param}': string too long. Expected at most ${longestValue} characters, but got ${value.length} instead.`;
  throw badRequest(message, param, 'string_above_max_length');
}
