import { writeFile } from 'node:fs/promises';
import { isMap, type JsonMap } from '../../core/json.ts';
import { ApiError } from '../http/api-error.ts';
import { newRecord } from '../routes/new-batch.ts';
import type { BatchRecord } from '../state/batch-record.ts';
import type { FileStore } from '../state/file-store.ts';
import { newId } from '../state/ids.ts';
import { batchIds } from './batch-form.ts';
import { invalid } from './errors.ts';
import { field, mapField, namesOf, refuseUnknown } from './fields.ts';
import { fileIdOf } from './file-names.ts';
import { inlineIds, inlineLine } from './inline-requests.ts';
import type { GeminiMethod } from './models.ts';

const batchFields = namesOf('displayName', 'inputConfig', 'model', 'name', 'priority', 'webhookConfig');

/** The record of the batch that a create asks for; requests that came with it are stored as a file is. @throws ApiError */
export async function readNewBatch(
  body: JsonMap,
  model: string,
  method: GeminiMethod,
  files: FileStore,
): Promise<BatchRecord> {
  refuseUnknown(body, namesOf('batch', 'model'), '');
  const batch = mapField(body, 'batch');
  if (batch === undefined) throw invalid('* CreateBatchRequest.batch: is required.');
  refuseUnknown(batch, batchFields, 'batch');
  const displayName = field(batch, 'displayName');
  if (typeof displayName !== 'string' || displayName === '')
    throw invalid('* CreateBatchRequest.batch.display_name: is required.');
  return {
    ...newRecord,
    id: newId(batchIds),
    endpoint: method,
    model,
    input_file_id: await readInput(mapField(batch, 'inputConfig') ?? {}, files),
    metadata: { displayName },
    created_ms: Date.now(),
    output_lifetime: null,
  };
}

async function readInput(config: JsonMap, files: FileStore): Promise<string> {
  const name = field(config, 'fileName');
  const requests = mapField(config, 'requests');
  if ((name === undefined) === (requests === undefined))
    throw invalid('* CreateBatchRequest.batch.input_config: one of file_name and requests must be set.');
  if (requests !== undefined) return storeRequests(requests['requests'], files);
  const id = fileIdOf(String(name).replace(/^files\//, ''));
  if (typeof name === 'string' && files.get(id) !== undefined) return id;
  throw new ApiError(
    403,
    `You do not have permission to access the File ${String(name)} or it may not exist.`,
  );
}

async function storeRequests(requests: unknown, files: FileStore): Promise<string> {
  if (!Array.isArray(requests) || requests.length === 0)
    throw invalid('* CreateBatchRequest.batch.input_config.requests: must not be empty.');
  const lines = requests.map((inlined: unknown, index) => {
    const request = isMap(inlined) ? mapField(inlined, 'request') : undefined;
    if (request === undefined)
      throw invalid(`* CreateBatchRequest.batch.input_config.requests[${index}].request: is required.`);
    return inlineLine(index, (inlined as JsonMap)['metadata'], request);
  });
  const id = newId(inlineIds);
  await writeFile(files.temporaryPath(id), lines.join(''), { mode: 0o600 });
  await files.keep(id);
  return id;
}
