import { type Answer, noUsage } from '../core/batch-result.ts';
import type { AnswerLeaf, LeafMeanings } from '../core/dialect.ts';
import type { JsonMap } from '../core/json.ts';
import { type JsonLeaf, jsonLeaves } from './json-leaves.ts';

/** What stands between two constant segments of a line: a part of the answer, or what nobody needs. */
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
  cacheWriteTokens: 9,
} as const satisfies Readonly<Record<AnswerLeaf | 'skippedText' | 'skippedNumber', number>>;

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
  /** Whether the response says anything of its usage. */
  readonly hasUsage: boolean;
  readonly tier: string | null;
}

/** Past this, as with log probabilities, taking a line apart is no faster than parsing it. */
const mostLeaves = 48;

/**
 * Learns the shape of a line that holds an answer. Undefined where a line of this shape could mean
 * something else.
 *
 * @param line the line's bytes as latin1 text
 * @param answer what the line says
 */
export function learnShape(line: string, answer: Answer, meanings: LeafMeanings): LineShape | undefined {
  const leaves = jsonLeaves(line);
  if (leaves === undefined || leaves.some(({ path }) => meanings.decisive.test(path))) return undefined;
  const parts = meanings.partsOf(JSON.parse(line) as JsonMap);
  if (parts === null) return undefined;
  const isConstant = constancy(line, meanings.constantKeys);
  const varying = leaves.filter((leaf) => parts.has(leaf.path) || !isConstant(leaf));
  const slots = varying.map((leaf) => slotOf(leaf, parts.get(leaf.path)));
  const isWhole = slots.includes(slot.customId) && slots.includes(slot.content);
  if (!isWhole || slots.length > mostLeaves || !varying.every((leaf) => fits(leaf, parts.get(leaf.path))))
    return undefined;
  return {
    segments: segmentsBetween(varying, line),
    slots: Uint8Array.from(slots),
    has: Object.values(slot).map((kind) => slots.includes(kind)),
    model: answer.model,
    finishReason: answer.finishReason,
    hasUsage: answer.usage !== noUsage,
    tier: answer.billing.tier,
  };
}

/** Tells which leaves say the same in every line of a shape. */
function constancy(line: string, keys: ReadonlySet<string>): (leaf: JsonLeaf) => boolean {
  return ({ path, start, end }) =>
    keys.has(path.slice(path.lastIndexOf('.') + 1)) || line.slice(start, end) === '0';
}

function slotOf({ kind }: JsonLeaf, part: AnswerLeaf | undefined): number {
  if (part !== undefined) return slot[part];
  return kind === 'text' ? slot.skippedText : slot.skippedNumber;
}

/** A part of the answer must stand in a leaf of its own kind. */
function fits({ kind }: JsonLeaf, part: AnswerLeaf | undefined): boolean {
  return part === undefined || kind === (slot[part] >= slot.inputTokens ? 'number' : 'text');
}

function segmentsBetween(leaves: readonly JsonLeaf[], line: string): readonly string[] {
  const starts = [0, ...leaves.map(({ end }) => end)];
  const ends = [...leaves.map(({ start }) => start), line.length];
  // Copied, so that a segment does not keep the block alive that it was cut from.
  return starts.map((start, index) =>
    Buffer.from(line.slice(start, ends[index]), 'latin1').toString('latin1'),
  );
}
