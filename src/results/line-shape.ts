import type { Answer } from '../core/batch-result.ts';
import { asMap, type JsonMap } from '../core/json.ts';
import { type JsonLeaf, jsonLeaves } from './json-leaves.ts';

/** What stands between two constant segments of a line. */
export const slot = {
  skippedText: 0,
  skippedNumber: 1,
  customId: 2,
  requestId: 3,
  content: 4,
  inputTokens: 5,
  outputTokens: 6,
  totalTokens: 7,
  cachedTokens: 8,
} as const;

/**
 * What the lines of a result file have in common: `segments[0] slots[0] segments[1] slots[1] ... segments[n]`. A line
 * that fits means what the line that it was learned from meant, but for what stands in the slots.
 */
export interface LineShape {
  /** Bytes as latin1 text. */
  readonly segments: readonly string[];
  readonly slots: Uint8Array;
  /** By kind of slot, whether the line has it. */
  readonly has: readonly boolean[];
  readonly model: string | null;
  readonly finishReason: string | null;
  /** Whether the body has a `usage` at all. */
  readonly hasUsage: boolean;
}

/** Leaves whose text decides what a line means, or is nearly always the same. */
const constantKeys: ReadonlySet<string> = new Set([
  'status_code',
  'index',
  'object',
  'role',
  'type',
  'finish_reason',
  'model',
  'service_tier',
  'system_fingerprint',
]);

/** Leaves that would change what a line means, and that a success does not have. */
const decisive = /^(error|response\.body\.error|response\.body\.choices\.0\.message\.refusal)(\.|$)/;
/** Past this, as with log probabilities, taking a line apart is no faster than parsing it. */
const mostLeaves = 48;

/**
 * Learns the shape of a line that holds a successful chat completion. Undefined where a line of this shape could mean
 * something else.
 *
 * @param line the line's bytes as latin1 text
 * @param answer what the line says
 */
export function learnShape(line: string, answer: Answer): LineShape | undefined {
  const leaves = jsonLeaves(line);
  if (leaves === undefined || leaves.some(({ path }) => decisive.test(path))) return undefined;
  const usage = asMap(asMap(asMap((JSON.parse(line) as JsonMap)['response'])?.['body'])?.['usage']);
  const meanings = leafMeanings(usage);
  if (meanings === undefined) return undefined;
  const varying = leaves.filter((leaf) => meanings.has(leaf.path) || !isConstant(leaf, line));
  const slots = varying.map((leaf) => meanings.get(leaf.path) ?? skipped(leaf));
  const isWhole = slots.includes(slot.customId) && slots.includes(slot.content);
  if (!isWhole || slots.length > mostLeaves || !varying.every((leaf) => fits(leaf, meanings)))
    return undefined;
  return {
    segments: segmentsBetween(varying, line),
    slots: Uint8Array.from(slots),
    has: Object.values(slot).map((kind) => slots.includes(kind)),
    model: answer.model,
    finishReason: answer.finishReason,
    hasUsage: usage !== undefined,
  };
}

function isConstant(leaf: JsonLeaf, line: string): boolean {
  const key = leaf.path.slice(leaf.path.lastIndexOf('.') + 1);
  return constantKeys.has(key) || line.slice(leaf.start, leaf.end) === '0';
}

function skipped(leaf: JsonLeaf): number {
  return leaf.kind === 'text' ? slot.skippedText : slot.skippedNumber;
}

const body = 'response.body.';

/** Which leaf feeds which part of the answer; undefined where the counts are not plain numbers. */
function leafMeanings(usage: JsonMap | undefined): ReadonlyMap<string, number> | undefined {
  const meanings = new Map<string, number>([
    ['custom_id', slot.customId],
    ['response.request_id', slot.requestId],
    [`${body}choices.0.message.content`, slot.content],
  ]);
  if (usage === undefined) return meanings;
  const details = usage['prompt_tokens_details'] == null ? 'input_tokens_details' : 'prompt_tokens_details';
  const counts: readonly (readonly [number, readonly string[], JsonMap | undefined, string])[] = [
    [slot.inputTokens, ['prompt_tokens', 'input_tokens'], usage, ''],
    [slot.outputTokens, ['completion_tokens', 'output_tokens'], usage, ''],
    [slot.totalTokens, ['total_tokens'], usage, ''],
    [slot.cachedTokens, ['cached_tokens'], asMap(usage[details]), `${details}.`],
  ];
  for (const [meaning, names, owner, prefix] of counts) {
    const given = names.filter((name) => owner?.[name] !== undefined && owner[name] !== null);
    const [name] = given;
    if (name === undefined) continue;
    if (given.length > 1 || typeof owner?.[name] !== 'number') return undefined;
    meanings.set(`${body}usage.${prefix}${name}`, meaning);
  }
  return meanings;
}

/** A part of the answer must stand in a leaf of its own kind. */
function fits(leaf: JsonLeaf, meanings: ReadonlyMap<string, number>): boolean {
  const meaning = meanings.get(leaf.path);
  if (meaning === undefined) return true;
  return leaf.kind === (meaning >= slot.inputTokens ? 'number' : 'text');
}

function segmentsBetween(leaves: readonly JsonLeaf[], line: string): readonly string[] {
  const starts = [0, ...leaves.map(({ end }) => end)];
  const ends = [...leaves.map(({ start }) => start), line.length];
  // Copied, so that a segment does not keep the block alive that it was cut from.
  return starts.map((start, index) =>
    Buffer.from(line.slice(start, ends[index]), 'latin1').toString('latin1'),
  );
}
