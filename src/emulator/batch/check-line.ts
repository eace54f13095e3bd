import { isUtf8 } from 'node:buffer';
import { isMap, type JsonMap } from '../../core/json.ts';
import { isEndpoint, type BatchEndpoint } from '../state/batch-record.ts';

/** A request line that the batch accepts. Whether the API accepts its body is another question. */
export interface RequestLine {
  readonly customId: string;
  readonly body: JsonMap;
}

export interface LineFault {
  readonly code: string;
  readonly message: string;
  readonly param: string | null;
}

/** Parses one line of an input file and checks what the batch asks of each line for itself. */
export function checkLine(bytes: Buffer, endpoint: BatchEndpoint): RequestLine | LineFault {
  const line = parseLine(bytes);
  if (line === null) return unparsable;
  for (const name of ['custom_id', 'method', 'url', 'body']) {
    if (line[name] === undefined || line[name] === null || line[name] === '') return missing(name);
  }
  return checkParts(line, endpoint);
}

export function isLineFault(line: RequestLine | LineFault): line is LineFault {
  return 'code' in line;
}

export const unparsable: LineFault = {
  code: 'invalid_json_line',
  message: 'This line is not parseable as valid JSON.',
  param: null,
};

function checkParts(line: JsonMap, endpoint: BatchEndpoint): RequestLine | LineFault {
  const { custom_id: customId, method, url, body } = line;
  if (typeof customId !== 'string') {
    return fault('invalid_type', "Invalid type for 'custom_id': expected a string.", 'custom_id');
  }
  if (method !== 'POST') {
    return fault('invalid_method', "The method of each request must be 'POST'.", 'method');
  }
  if (!isEndpoint(url)) {
    return fault('invalid_url', `Invalid URL for this request: ${JSON.stringify(url)}.`, 'url');
  }
  if (url !== endpoint) {
    const message = `The URL provided for this request does not match the batch's endpoint. Expected '${endpoint}', got '${url}'.`;
    return fault('mismatched_url', message, 'url');
  }
  if (!isMap(body)) return fault('invalid_type', "Invalid type for 'body': expected an object.", 'body');
  if (body['stream'] === true) {
    return fault(
      'invalid_request',
      "Streaming is not supported in a batch: 'stream' must not be true.",
      'body.stream',
    );
  }
  return { customId, body };
}

/** One JSON object in UTF-8; null where it is none. */
export function parseLine(bytes: Buffer): JsonMap | null {
  // The decoder would replace bytes that are no UTF-8 and so hide them.
  if (!isUtf8(bytes)) return null;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isMap(value) ? value : null;
  } catch {
    return null;
  }
}

function missing(param: string): LineFault {
  return fault('missing_required_parameter', `Missing required parameter: '${param}'.`, param);
}

function fault(code: string, message: string, param: string): LineFault {
  return { code, message, param };
}
