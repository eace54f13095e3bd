import { nearestName } from '../core/did-you-mean.ts';
import { asMap } from '../core/json.ts';
import { writtenDialect } from './dialect-of.ts';
import { valueAt, type Fault } from './fault.ts';
import { endpointOf } from './request.ts';
import { requestDraft } from './request-draft.ts';

/**
 * Parameters that the provider, or the model, does not know. A warning and no fault: it may have learned them since. Of a server that
 * may know others than we do, only those that look misspelt.
 */
export function warnOfParams(data: unknown): readonly Fault[] {
  const { params, model } = requestDraft(data);
  const endpoint = endpointOf(valueAt(data, ['request', 'endpoint']));
  if (endpoint === undefined) return [];
  const known = writtenDialect(data)?.parameters?.(endpoint, valueAt(data, ['provider', 'base_url']), model);
  if (known === undefined) return [];
  return Object.keys(asMap(params) ?? {}).flatMap((name) => {
    const path = ['request', 'params', name];
    const remark = known.remarks?.[name];
    if (remark !== undefined) return [{ path, at: 'key' as const, ...remark }];
    const suggestion = Object.hasOwn(known.meant, name) ? known.meant[name] : nearestName(name, known.names);
    if (known.names.includes(name) || (!known.isEvery && suggestion === undefined)) return [];
    const message = `is no parameter of ${endpoint} that is known; the provider may refuse each request for it`;
    return [{ path, message, suggestion, at: 'key' as const }];
  });
}
