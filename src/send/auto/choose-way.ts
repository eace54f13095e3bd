import type { ChunkState } from '../../ledger/chunk-state.ts';
import type { Durations, Outlook } from '../../ledger/auto-ledger.ts';
import { cancelReserveMs, requestMs, tailMs, type DirectSpeed } from './tail.ts';

/** All that decides which way requests go. */
export interface AutoFacts extends Outlook, Pick<Durations, 'cancelMs'> {
  /** Milliseconds since 1970, as all moments here. */
  readonly now: number;
  readonly startedAt: number;
  /** Null where the run may take its time. */
  readonly deadlineAt: number | null;
  /** Since when batches are given up for the deadline; null where they are not. */
  readonly cutOverAt: number | null;
  /** Fewer requests than this are no batch. */
  readonly standardBelow: number;
  readonly speed: DirectSpeed;
}

/** `wait`: what is not known yet decides. */
export type Way = 'batch' | 'standard' | 'wait';

export interface Choice {
  readonly way: Way;
  readonly reason: string;
}

export interface Decided {
  /** Of requests that were never sent. */
  readonly first: Choice;
  /** Of those that are to be sent again. */
  readonly again: Choice;
  /** Why batches are given up; null where they are not. */
  readonly cutOver: string | null;
  /** When that is due, as far as it is known now; null without a deadline. */
  readonly cutOverDue: number | null;
  /** Until when what is out is answered in time synchronously, as far as it is known now; null without a deadline. */
  readonly hurryAt: number | null;
}

/** Decides which way requests go, and why. Pure. */
export function chooseWays(facts: AutoFacts): Decided {
  const [first, again] = [chooseFirst(facts), chooseAgain(facts)];
  const { cutOverDue, hurryAt } = momentsOf(facts);
  const isDue = cutOverDue !== null && facts.now >= cutOverDue;
  const maySlowDown = facts.inBatches > 0 || first.way !== 'standard' || again.way !== 'standard';
  if (facts.cutOverAt === null && !(isDue && maySlowDown && facts.out > facts.asking))
    return { first, again, cutOver: null, cutOverDue, hurryAt };
  const reason = reasonToCutOver(facts);
  const standard = { way: 'standard', reason } as const;
  return { first: standard, again: standard, cutOver: reason, cutOverDue, hurryAt };
}

/**
 * The way of a chunk in a state: a file that has set out keeps to its way. Where batches are given up, so is the way of one
 * of which no batch was asked for; any batch that there may be is settled, ended and read first.
 */
export function wayOf(state: ChunkState, origin: 'read' | 'retry', decided: Decided): Way {
  if (state === 'asking') return 'standard';
  if (state === 'sealed') return (origin === 'read' ? decided.first : decided.again).way;
  const isUnasked = state === 'uploading' || state === 'uploaded';
  return isUnasked && decided.cutOver !== null ? 'standard' : 'batch';
}

function chooseFirst({ requests, isRead, standardBelow }: AutoFacts): Choice {
  const limit = `${count(standardBelow)} (auto.standard_below)`;
  if (requests >= standardBelow)
    return {
      way: 'batch',
      reason: `${count(standardBelow)} requests or more (auto.standard_below): they go in batches.`,
    };
  if (!isRead)
    return { way: 'wait', reason: `Reading tells whether there are fewer requests than ${limit}.` };
  return {
    way: 'standard',
    reason: `${counted(requests, 'request')}, fewer than ${limit}: ${requests === 1 ? 'it goes' : 'they go'} synchronously.`,
  };
}

function chooseAgain({ again, standardBelow }: AutoFacts): Choice {
  const rows = `${counted(again, 'row')} to be sent again`;
  const limit = `${count(standardBelow)} (auto.standard_below)`;
  if (again < standardBelow)
    return { way: 'standard', reason: `${rows}, fewer than ${limit}: synchronously, not in another batch.` };
  return { way: 'batch', reason: `${rows}, not fewer than ${limit}: in batches.` };
}

function momentsOf({ startedAt, deadlineAt, out, tokensPerRequest, speed, cancelMs }: AutoFacts) {
  if (deadlineAt === null) return { cutOverDue: null, hurryAt: null };
  const hurryAt = deadlineAt - tailMs(out, tokensPerRequest, speed);
  return { cutOverDue: hurryAt - cancelReserveMs({ startedAt, deadlineAt }, cancelMs), hurryAt };
}

function reasonToCutOver(facts: AutoFacts): string {
  const { now, startedAt, deadlineAt, out, inBatches, tokensPerRequest, speed, cancelMs } = facts;
  const what =
    inBatches === 0
      ? 'what is not answered goes synchronously.'
      : 'batches are cancelled, and what they have not answered goes synchronously.';
  if (deadlineAt === null) return `The deadline is near: ${what}`;
  const at = new Date(deadlineAt).toISOString();
  if (now >= deadlineAt) return `The deadline ${at} has passed: ${what}`;
  const tail = duration(tailMs(out, tokensPerRequest, speed));
  const reserve = duration(cancelReserveMs({ startedAt, deadlineAt }, cancelMs));
  const pace = `${(requestMs(speed) / 1000).toFixed(1)} s each, ${speed.concurrency} at a time`;
  return `The deadline is ${at}, ${counted(out, 'request')} still out would take ${tail} synchronously (${pace}), and cancelling has ${reserve}: ${what}`;
}

function counted(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}

/** `45 s`, `12 min`, `2.5 h`. */
function duration(ms: number): string {
  if (ms < 100_000) return `${Math.ceil(ms / 1000)} s`;
  return ms < 6_000_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}
