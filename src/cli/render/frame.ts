import { spanText } from './moments.ts';
import type { Paint } from './paint.ts';
import type { ShownBatch } from './progress.ts';
import { cutToWidth } from './text-width.ts';
import { count, counted, visible } from './words.ts';

/** A run at a moment, as it is shown. */
export interface FrameState {
  /** Whether the source was read to its end, so that the shares are those of all requests. */
  readonly isRead: boolean;
  readonly records: number;
  /** Requests, of which each stage has had so many. */
  readonly total: number;
  readonly sealed: number;
  readonly uploaded: number;
  readonly answered: number;
  readonly downloaded: number;
  readonly loaded: number;
  readonly failed: number;
  readonly files: { readonly waiting: number; readonly running: number; readonly ended: number };
  /** The oldest batches under way; there may be more. */
  readonly batches: readonly ShownBatch[];
  /** What is to be said beside: what files wait for, that it is late. */
  readonly notes: readonly string[];
  /** Time, pace and what is expected. */
  readonly time: string;
}

export interface Screen {
  readonly columns: number;
  readonly rows: number;
}

const barWidth = 24;
const leastBatches = 3;
/** Lines beside the batches' own. */
const fixedLines = 8;

/** How many batches a screen has room for; more need not be looked up. */
export function batchesOn({ rows }: Screen): number {
  return Math.max(0, rows - fixedLines - 2);
}

/** The frame's lines: never more than the screen has but for one, which the cursor needs, nor wider than it. */
export function frameLines(state: FrameState, screen: Screen, now: number, paint: Paint): readonly string[] {
  const time = paint('dim', `time     ${state.time}`);
  const notes = state.notes.map((note) => paint('yellow', visible(note)));
  const stages = stageLines(state, paint);
  const room = Math.max(0, screen.rows - 1);
  const batches = batchLines(state, room - stages.length - notes.length - 1, now, paint);
  // The smallest of screens keep what says most.
  const ranked = [...stages.slice(-1), time, ...notes].slice(0, room);
  const all = [...stages, ...batches, ...notes, time];
  const lines = all.length <= room ? all : ranked;
  return lines.map((line) => cutToWidth(line, Math.max(1, screen.columns - 1)));
}

function stageLines(state: FrameState, paint: Paint): readonly string[] {
  const { isRead, records, total, sealed, uploaded, answered, downloaded, loaded, failed, files } = state;
  const number = files.waiting + files.running + files.ended;
  const failures = failed === 0 ? '' : paint('red', `, ${count(failed)} failed`);
  const line = (name: string, done: number, text: string): string =>
    `${paint('dim', name.padEnd(8))} ${bar(done, total, paint)} ${text}`;
  const reading = `${paint('dim', (isRead ? 'read' : 'reading').padEnd(8))} ${counted(records, 'row')}, ${counted(total, 'request')} in ${counted(number, 'file')}`;
  if (number === 0) return [reading];
  return [
    reading,
    line('sealed', sealed, counted(sealed, 'request')),
    line('uploaded', uploaded, `${count(files.waiting)} waiting`),
    line('answered', answered, `${count(files.running)} running`),
    line('fetched', downloaded, `${count(files.ended)} ended`),
    line('loaded', loaded, `${counted(loaded, 'row')}${failures}`),
  ];
}

function batchLines(
  { batches, files }: FrameState,
  room: number,
  now: number,
  paint: Paint,
): readonly string[] {
  if (batches.length === 0 || room < Math.min(leastBatches, batches.length)) return [];
  const isWhole = files.running <= Math.min(room, batches.length);
  const shown = batches.slice(0, isWhole ? room : room - 1);
  const lines = shown.map(
    ({ name, since, done, requests }) =>
      `  ${since === null ? '       ?' : spanText(now - since).padStart(8)}  ${done === null ? ' '.repeat(11) : `${count(done).padStart(7)} of `}${count(requests).padStart(7)}  ${visible(name)}`,
  );
  const rest = files.running - shown.length;
  return rest > 0 ? [...lines, paint('dim', `            and ${count(rest)} more under way`)] : lines;
}

function bar(done: number, total: number, paint: Paint): string {
  const share = total === 0 ? 0 : Math.min(done, total) / total;
  const filled = Math.round(share * barWidth);
  const line = `${paint('green', '█'.repeat(filled))}${paint('dim', '░'.repeat(barWidth - filled))}`;
  return `${line} ${String(Math.floor(share * 100)).padStart(3)} %`;
}
