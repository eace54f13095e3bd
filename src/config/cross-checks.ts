import { asMap } from '../core/json.ts';
import { needOf } from '../core/provider.ts';
import { checkTimezone } from './auto-checks.ts';
import { checkConstantPrompt } from './constant-prompt.ts';
import { checkSplits, isSplit } from './split-checks.ts';
import { valueAt, type Fault, type Path } from './fault.ts';
import { checkWholeSource } from './whole-source-checks.ts';
import { writtenDialect, writtenProvider } from './dialect-of.ts';
import { checkMessages } from './message-checks.ts';
import { requestDraft } from './request-draft.ts';
import { checkPilot } from './pilot-checks.ts';
import { checkTier } from './tier-checks.ts';
import { checkSink } from './sink-checks.ts';

/**
 * What one key says about another. Works on the file's data, not on the checked pipeline, so that these faults are
 * listed together with those of single values; a value of the wrong type is left to the schema.
 */
export function crossCheck(data: unknown): readonly Fault[] {
  return [
    ...checkRequest(data),
    ...checkProvider(data),
    ...checkConstantPrompt(data),
    ...checkSplits(data),
    ...checkKeys(data),
    ...checkWholeSource(data),
    ...checkTimezone(data),
    ...checkState(data),
    ...checkSink(data),
    ...checkTier(data),
    ...checkPilot(data),
  ];
}

/** What of the provider's own block cannot work for what the file's mode asks of it. */
function checkProvider(data: unknown): readonly Fault[] {
  const block = asMap(valueAt(data, ['provider'])) ?? {};
  const faults = writtenProvider(data)?.faults?.(block, needOf(valueAt(data, ['mode']))) ?? [];
  return faults.map((fault) => ({ ...fault, path: ['provider', ...fault.path] }));
}

function checkRequest(data: unknown): readonly Fault[] {
  const request = requestDraft(data);
  if (request.endpoint === undefined) return checkParams(data);
  const faults = writtenDialect(data)?.faults(request) ?? [];
  return [
    ...checkParams(data),
    ...(request.endpoint === 'embeddings' ? checkEmbeddings(data) : checkConversation(data)),
    ...checkMessages(data),
    ...faults.map((fault) => ({ ...fault, path: ['request', ...fault.path] })),
  ];
}

/** Limits and prices go by `request.model`, so no other one may be sent. */
function checkParams(data: unknown): readonly Fault[] {
  const path = ['request', 'params', 'model'];
  return has(data, path) ? [unwanted(path, 'would be sent in place of `request.model`; write it there')] : [];
}

function checkEmbeddings(data: unknown): readonly Fault[] {
  const faults = ['system', 'prompt', 'messages', 'output']
    .filter((key) => has(data, ['request', key]))
    .map((key) => unwanted(['request', key], 'is not for embeddings, which take `input`'));
  if (!has(data, ['request', 'input'])) {
    faults.push({ path: ['request', 'input'], message: 'required for embeddings', at: 'parent' });
  }
  return faults;
}

function checkConversation(data: unknown): readonly Fault[] {
  const faults: Fault[] = [];
  const hasMessages = has(data, ['request', 'messages']);
  if (has(data, ['request', 'input'])) {
    faults.push(unwanted(['request', 'input'], 'is for embeddings; use `prompt` or `messages`'));
  }
  for (const key of hasMessages ? ['system', 'prompt'] : []) {
    if (has(data, ['request', key])) {
      faults.push(unwanted(['request', key], 'cannot stand beside `messages`, which hold everything'));
    }
  }
  if (!hasMessages && !has(data, ['request', 'prompt'])) {
    faults.push({ path: ['request', 'prompt'], message: 'required, or else `messages`', at: 'parent' });
  }
  return faults;
}

function checkKeys(data: unknown): readonly Fault[] {
  const sourceKey = keyNames(valueAt(data, ['source', 'key']));
  const sinkKey = keyNames(valueAt(data, ['sink', 'key']));
  const faults = [...repeated(['source', 'key'], sourceKey), ...repeated(['sink', 'key'], sinkKey)];
  if (faults.length > 0 || !sourceKey?.length || !sinkKey?.length) return faults;
  const added = isSplit(data) ? 1 : 0;
  if (sinkKey.length === sourceKey.length + added) return faults;
  const sources = `one for each of the source's key`;
  const message =
    added === 0
      ? `must name ${columns(sourceKey.length)}, ${sources}`
      : `must name ${columns(sourceKey.length + 1)}, ${sources} and behind them one for chunk_index, which \`split\` adds`;
  return [{ path: ['sink', 'key'], message }];
}

function repeated(path: Path, names: readonly string[] | undefined): readonly Fault[] {
  const twice = names?.find((name, index) => names.indexOf(name) < index);
  return twice === undefined ? [] : [{ path, message: `names ${twice} twice` }];
}

function columns(count: number): string {
  return count === 1 ? 'one column' : `${count} columns`;
}

function keyNames(key: unknown): readonly string[] | undefined {
  if (typeof key === 'string') return [key];
  if (Array.isArray(key)) return key.every((name) => typeof name === 'string') ? key : undefined;
  return typeof key === 'object' && key !== null ? Object.keys(key) : undefined;
}

function checkState(data: unknown): readonly Fault[] {
  const state = valueAt(data, ['state']);
  if (typeof state !== 'string' || !/^[a-z][a-z0-9+.-]+:\/\//i.test(state)) return [];
  return [{ path: ['state'], message: 'a state outside of a folder is not available in this version' }];
}

function has(data: unknown, path: Path): boolean {
  return valueAt(data, path) !== undefined;
}

function unwanted(path: Path, message: string): Fault {
  return { path, message, at: 'key' };
}
