import type { IncomingMessage } from 'node:http';
import { ApiError, badRequest } from './api-error.ts';
import { isMap, type JsonMap } from '../../core/json.ts';

const mostBytes = 32_000_000;

/** Reads a request's body as one JSON object. @throws ApiError 400 where it is none, 413 where it is too long */
export async function readJsonBody(request: IncomingMessage): Promise<JsonMap> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new ApiError(413, 'The request body is too large.');
    chunks.push(chunk);
  }
  return parseObject(Buffer.concat(chunks).toString('utf8'));
}

function parseObject(text: string): JsonMap {
  let value: unknown;
  try {
    value = JSON.parse(text === '' ? '{}' : text);
  } catch {
    throw badRequest('We could not parse the JSON body of your request.', null, null);
  }
  if (!isMap(value)) throw badRequest('The JSON body of your request must be an object.', null, null);
  return value;
}
