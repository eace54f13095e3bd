import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { valueToJson } from '../core/print.ts';
import type { Value } from '../core/value.ts';
import type { LoadedPipeline } from '../config/load.ts';
import { dialectOf } from '../config/dialect-of.ts';
import type { Pipeline } from '../config/pipeline.ts';
import type { OpenedSource } from '../core/source.ts';
import type { RunRecord } from '../ledger/ledger.ts';

/** The flags that change which requests a run sends. */
export interface RequestFlags {
  readonly limit?: number | undefined;
  /** How many rows to draw at random. */
  readonly sample?: number | undefined;
  /** What the draw begins from: the same rows for the same seed. */
  readonly seed?: number | undefined;
  readonly where?: string | undefined;
  readonly fullRefresh?: boolean | undefined;
}

/** The flag by which a run reads only part of its source; null where it reads all of it. */
export function partialFlag({ limit, sample, where }: RequestFlags): string | null {
  if (limit !== undefined) return '--limit';
  if (sample !== undefined) return '--sample';
  return where === undefined ? null : '--where';
}

export interface Fingerprint {
  readonly hash: string;
  /** Part by part, for showing what differs: a path such as `request.prompt` with its value as JSON. */
  readonly parts: Readonly<Record<string, string>>;
}

/**
 * What decides which requests a run sends, and nothing else: a run may only be continued by a pipeline of the same
 * fingerprint. Passwords are left out, so that changing one does not end a run.
 */
export function fingerprint(
  pipeline: Pipeline,
  flags: RequestFlags,
  sourceState: Readonly<Record<string, string>>,
  moduleState: Readonly<Record<string, string>>,
): Fingerprint {
  const { type, base_url: baseUrl } = pipeline.provider;
  const parts: Record<string, string> = {};
  flatten('source', withoutPassword(pipeline.source), parts);
  flatten('source files', sourceState, parts);
  flatten('transforms', pipeline.transforms, parts);
  flatten('transform files', moduleState, parts);
  flatten('request', whatIsAsked(pipeline), parts);
  flatten('provider', { type, base_url: baseUrl ?? null }, parts);
  flatten('flags', { ...flags }, parts);
  const ordered = Object.fromEntries(Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { hash: createHash('sha256').update(JSON.stringify(ordered)).digest('hex'), parts: ordered };
}

/** The request block without what is no part of a request; its endpoint by the path, as ledgers have known it from the start. */
function whatIsAsked(pipeline: Pipeline): Record<string, unknown> {
  const { cache: _cache, ...asked } = pipeline.request;
  return { ...asked, endpoint: dialectOf(pipeline).path(pipeline.request) };
}

/** What an opened pipeline's fingerprint depends on beside its configuration. */
interface Fingerprinted {
  readonly source: Pick<OpenedSource, 'fingerprint'>;
  readonly chain: { readonly fingerprint: Readonly<Record<string, string>> };
}

/** The fingerprint of an opened pipeline; of flags, those that are no part of it are passed over. */
export function fingerprintOf(
  { pipeline }: LoadedPipeline,
  { source, chain }: Fingerprinted,
  { limit, sample, seed, where, fullRefresh }: RequestFlags,
): Fingerprint {
  const flags = { limit, sample, seed, where, fullRefresh };
  return fingerprint(pipeline, flags, source.fingerprint, chain.fingerprint);
}

/**
 * Tells a pipeline from others of its name on the same account: 16 hex digits over its name, where its rows come from,
 * what is asked and where the answers go (contract section 4).
 *
 * @param sink where they go, if not where the pipeline says
 */
export function jobOf(
  loaded: Pick<LoadedPipeline, 'name' | 'pipeline' | 'baseDir' | 'stateDir'>,
  sink = loaded.pipeline.sink,
): string {
  const { name, pipeline } = loaded;
  const parts: Record<string, string> = { name: JSON.stringify(name) };
  flatten('source', placed(addressOf(pipeline.source), loaded), parts);
  flatten('request', whatIsAsked(pipeline), parts);
  flatten('sink', placed(addressOf(sink), loaded), parts);
  const ordered = Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(ordered)).digest('hex').slice(0, 16);
}

/** The same address wherever it is read: files of one name in two folders are not the same. */
function placed(
  address: Record<string, unknown>,
  { baseDir, stateDir }: Pick<LoadedPipeline, 'baseDir' | 'stateDir'>,
): Record<string, unknown> {
  const { path, url } = address;
  return {
    ...address,
    ...(typeof path === 'string' && path !== '-' && { path: resolve(baseDir, path) }),
    ...(url === 'embedded' && { url: `embedded ${stateDir}` }),
  };
}

/** Where rows come from or go to, without a password. */
export function addressOf(block: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { type, url, table, query, path } = withoutPassword(block);
  return { type, url, table, query, path };
}

/** The flags that a run was started with. */
export function flagsOf({ fingerprintParts: parts }: Pick<RunRecord, 'fingerprintParts'>): RequestFlags {
  const flag = (name: string): unknown => {
    const json = parts[`flags.${name}`];
    return json === undefined ? undefined : JSON.parse(json);
  };
  return {
    limit: flag('limit') as number | undefined,
    sample: flag('sample') as number | undefined,
    seed: flag('seed') as number | undefined,
    where: flag('where') as string | undefined,
    fullRefresh: flag('fullRefresh') as boolean | undefined,
  };
}

/** What differs between two fingerprints, a line each. */
export function differences(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .filter((name) => before[name] !== after[name])
    .map((name) => `${name}: ${shorten(before[name])} -> ${shorten(after[name])}`);
}

/** What a person would do so that nothing differs any more: the beginning of a sentence. */
export function howToUndo(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const differing = names.filter((name) => before[name] !== after[name]);
  const kinds = new Set(differing.map((name) => undoing[name.split('.')[0] ?? ''] ?? 'undo the edit'));
  const ways = [...kinds].sort((a, b) => orderOf(a) - orderOf(b));
  const sentence = [ways.slice(0, -1).join(', '), ways.at(-1)].filter((part) => part !== '').join(' and ');
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

const undoing: Readonly<Record<string, string>> = {
  flags: 'type the flags that it was started with',
  'source files': 'put the source file back as it was',
  'transform files': "undo the edit of the module's file",
};

function orderOf(way: string): number {
  return Object.values(undoing).indexOf(way);
}

function shorten(json: string | undefined): string {
  if (json === undefined) return '(not set)';
  return json.length > 100 ? `${json.slice(0, 97)}...` : json;
}

function flatten(path: string, value: unknown, parts: Record<string, string>): void {
  if (value === undefined) return;
  if (typeof value !== 'object' || value === null) {
    parts[path] = valueToJson(value as Value);
    return;
  }
  for (const [key, member] of Object.entries(value)) flatten(`${path}.${key}`, member, parts);
}

/** A component's block with no more of its URL than the host and the path. */
export function withoutPassword(block: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { url } = block;
  if (typeof url !== 'string') return { ...block };
  const parsed = URL.parse(url);
  // A URL that cannot be taken apart may hold a password anywhere.
  const shown = parsed === null ? (url === 'embedded' ? url : null) : `${parsed.host}${parsed.pathname}`;
  return { ...block, url: shown };
}
