import type { LineFault, Refusal } from '../../core/batch-side.ts';
import { isTooLarge, isTooMany } from '../http/too-large.ts';
import { blameOf, isUsedUp } from './dialect/blame-of.ts';
import { codeOf, readStatus, type Status, violationsIn } from './dialect/status.ts';
import { wantOfRoom } from './want-of-room.ts';

/** Why a batch has failed of which nothing ran, of its `error`. */
export function refusalOf(error: unknown): Refusal {
  const status = readStatus(error);
  const message = messageOf(status);
  if (status.code === codeOf('resource_exhausted') && !isUsedUp(status)) {
    const { of, limit } = wantOfRoom(status) ?? { of: 'tokens', limit: null };
    return { kind: 'room', of, limit, message };
  }
  const lines = linesIn(message);
  if (lines.length > 0)
    return { kind: 'lines', lines: new Map(lines.map((line) => [line, faultOf(status)])) };
  return isTooLarge(message) || isTooMany({ code: status.word, message })
    ? { kind: 'size', message }
    : { kind: 'unexplained', message };
}

function messageOf(status: Status): string {
  const said = [...(status.message === null ? [] : [status.message]), ...violationsIn(status)];
  return said.join('; ') || 'it gave no reason';
}

function faultOf(status: Status): LineFault {
  const blame = blameOf(status);
  return { code: status.word, message: messageOf(status), ...(blame === 'account' && { blame }) };
}

/** The lines that a message names: `line 2`, `lines 2, 4 and 7`, `requests[1]`, which counts from 0. */
export function linesIn(message: string): readonly number[] {
  const named = message.matchAll(/\blines?:? #?(\d+(?:(?:,| and|, and) \d+)*)/gi);
  const counted = Array.from(named, ([, list = '']) => list.match(/\d+/g) ?? []).flat();
  const indexed = Array.from(message.matchAll(/\brequests\[(\d+)\]/gi), ([, index]) => Number(index) + 1);
  return [...new Set([...counted.map(Number), ...indexed])].filter((line) => line > 0);
}
