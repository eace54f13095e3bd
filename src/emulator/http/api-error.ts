/** An error in the shape that the API gives to its callers: an HTTP status and a body of one `error` object. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
  /** When to try again, in milliseconds from now; null where that is not said. */
  readonly retryMs: number | null;

  constructor(status: number, message: string, details: ApiErrorDetails = {}) {
    super(message);
    this.status = status;
    this.type = details.type ?? 'invalid_request_error';
    this.param = details.param ?? null;
    this.code = details.code ?? null;
    this.retryMs = details.retryMs ?? null;
  }

  toBody(): ErrorBody {
    return { error: { message: this.message, type: this.type, param: this.param, code: this.code } };
  }
}

export interface ApiErrorDetails {
  readonly type?: string;
  readonly param?: string | null;
  readonly code?: string | null;
  readonly retryMs?: number | null;
}

export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string | null;
  };
}

/** A request that can never succeed as it stands. */
export function badRequest(message: string, param: string | null, code: string | null): ApiError {
  return new ApiError(400, message, { param, code });
}

export function missingParameter(param: string): ApiError {
  return badRequest(`Missing required parameter: '${param}'.`, param, 'missing_required_parameter');
}

export function invalidType(param: string, expected: string, value: unknown): ApiError {
  const message = `Invalid type for '${param}': expected ${expected}, but got ${nameType(value)} instead.`;
  return badRequest(message, param, 'invalid_type');
}

/** @param choices the allowed values, as a phrase */
export function invalidValue(param: string, value: unknown, choices: string): ApiError {
  const shown = typeof value === 'string' ? value : JSON.stringify(value);
  return badRequest(`Invalid value: '${shown}'. Supported values are: ${choices}.`, param, 'invalid_value');
}

export function notFound(message: string, param: string | null = 'id'): ApiError {
  return new ApiError(404, message, { param });
}

function nameType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a decimal number';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
