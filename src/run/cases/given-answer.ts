import { noHints, type DirectResponse } from '../../core/direct-side.ts';
import type { Dialect } from '../../core/dialect.ts';
import { isMap, type JsonMap } from '../../core/json.ts';
import type { RequestBlock } from '../../core/request-block.ts';
import type { MadeUpAnswer } from '../../core/shown-request.ts';

/** What a test file says that the model answers, as the provider would send it. */
export function responseOf(dialect: Dialect, request: RequestBlock, given: unknown): DirectResponse {
  const named = isMap(given) ? given : {};
  if (isMap(named['response']) && hasOnly(named, 'response', 'status')) {
    const status = typeof named['status'] === 'number' ? named['status'] : 200;
    return response(status, named['response']);
  }
  return response(200, dialect.answerBody(request, madeUp(request, given, named)));
}

function madeUp({ endpoint }: RequestBlock, given: unknown, named: JsonMap): MadeUpAnswer {
  if (endpoint === 'embeddings') return { vector: given as readonly number[] };
  if (typeof named['refusal'] === 'string' && hasOnly(named, 'refusal')) return { refusal: named['refusal'] };
  if (typeof named['cut'] === 'string' && hasOnly(named, 'cut')) return { text: named['cut'], isCut: true };
  if (Object.hasOwn(named, 'json') && hasOnly(named, 'json')) return { text: JSON.stringify(named['json']) };
  return { text: typeof given === 'string' ? given : JSON.stringify(given) };
}

function hasOnly(map: JsonMap, ...names: readonly string[]): boolean {
  return Object.keys(map).every((name) => names.includes(name));
}

function response(status: number, body: JsonMap): DirectResponse {
  return { status, requestId: null, body: JSON.stringify(body), pace: noHints };
}
