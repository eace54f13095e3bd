import type { JsonMap } from '../../core/json.ts';
import { ApiError } from '../http/api-error.ts';

interface RpcStatus {
  readonly word: string;
  readonly code: number;
}

/** Google's own words and numbers for what went wrong, by the HTTP status that they come with. */
const statuses: Readonly<Record<number, RpcStatus>> = {
  400: { word: 'INVALID_ARGUMENT', code: 3 },
  401: { word: 'UNAUTHENTICATED', code: 16 },
  403: { word: 'PERMISSION_DENIED', code: 7 },
  404: { word: 'NOT_FOUND', code: 5 },
  409: { word: 'ABORTED', code: 10 },
  429: { word: 'RESOURCE_EXHAUSTED', code: 8 },
  499: { word: 'CANCELLED', code: 1 },
  500: { word: 'INTERNAL', code: 13 },
  501: { word: 'UNIMPLEMENTED', code: 12 },
  503: { word: 'UNAVAILABLE', code: 14 },
  504: { word: 'DEADLINE_EXCEEDED', code: 4 },
};
const otherStatus: RpcStatus = { word: 'INTERNAL', code: 13 };
const otherRefusal: RpcStatus = { word: 'FAILED_PRECONDITION', code: 9 };

function rpcStatus(status: number): RpcStatus {
  return statuses[status] ?? (status >= 400 && status < 500 ? otherRefusal : otherStatus);
}

/** An error as a reply has it. */
export function errorBody(error: ApiError): JsonMap {
  const { status: code, message } = error;
  const details = detailsOf(error);
  // What is refused for the state that something is in has the status of what is malformed.
  const status = error.code === preconditionCode ? preconditionCode : rpcStatus(code).word;
  return { error: { code, message, status, ...(details.length === 0 ? {} : { details }) } };
}

/** An error as a line of a result file has it. */
export function lineError({ status, message }: ApiError): JsonMap {
  return { code: rpcStatus(status).code, message };
}

const rpc = 'type.googleapis.com/google.rpc';

function detailsOf({ status, retryMs, code }: ApiError): readonly JsonMap[] {
  if (code === keyCode) {
    const metadata = { service: 'generativelanguage.googleapis.com' };
    return [{ '@type': `${rpc}.ErrorInfo`, reason: keyCode, domain: 'googleapis.com', metadata }];
  }
  if (status !== 429) return [];
  const violation = {
    quotaMetric: 'generativelanguage.googleapis.com/generate_content_requests',
    quotaId: 'GenerateRequestsPerMinutePerProjectPerModel',
  };
  const quota = { '@type': `${rpc}.QuotaFailure`, violations: [violation] };
  if (retryMs === null) return [quota];
  return [quota, { '@type': `${rpc}.RetryInfo`, retryDelay: `${Math.ceil(retryMs / 1000)}s` }];
}

const keyCode = 'API_KEY_INVALID';
const preconditionCode = 'FAILED_PRECONDITION';

export function invalid(message: string): ApiError {
  return new ApiError(400, message);
}

export function invalidKey(): ApiError {
  return new ApiError(400, 'API key not valid. Please pass a valid API key.', { code: keyCode });
}

/** What cannot be done to a thing in the state that it is in. */
export function failedPrecondition(message: string): ApiError {
  return new ApiError(400, message, { code: preconditionCode });
}

/** @param path of the object that holds the field; empty for the request itself */
export function unknownField(name: string, path: string): ApiError {
  const where = path === '' ? '' : ` at '${path}'`;
  return invalid(`Invalid JSON payload received. Unknown name "${name}"${where}: Cannot find field.`);
}
