import type { PipelineEvent } from '../../core/events.ts';
import { bytes, count, counted } from './numbers.ts';
import { planLine } from './plan-words.ts';
import type { CursorWindow } from '../../core/read-window.ts';

export { bytes, count, counted, dollars } from './numbers.ts';

const rounded = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

/** What a provider has room for, and the word for taking it. */
const roomWords = {
  tokens: 'tokens enqueued',
  embedding_inputs: 'embedding inputs enqueued',
  batches_an_hour: 'batches created in an hour',
  batches: 'batches under way',
} as const;

/** `waiting for room: 1.2M of 2M tokens enqueued`. */
export function awaitedRoom(event: Extract<PipelineEvent, { type: 'RoomAwaited' }>): string {
  return `waiting for room: ${rounded.format(event.used)} of ${rounded.format(event.limit)} ${roomWords[event.for]}`;
}

/** `2026-11-22 08:00:00+00 - 1h < updated_at <= 2026-11-23 08:00:00+00`. */
export function windowText({ cursor, low, lag, high }: CursorWindow): string {
  if (high === null) return 'nothing, since the source has no rows';
  const begin = low === null ? '' : `${low}${lag === null ? '' : ` - ${lag}`} < `;
  return `${begin}${cursor} <= ${high}`;
}

/** One line that says what happened; control characters in it are made visible. */
export function describeEvent(event: PipelineEvent): string {
  const sentence = sentences[event.type] as (event: PipelineEvent) => string;
  return visible(sentence(event));
}

type Sentences = {
  readonly [Type in PipelineEvent['type']]: (event: Extract<PipelineEvent, { type: Type }>) => string;
};

const sentences: Sentences = {
  RunStarted: (event) =>
    `${event.resumed ? 'resuming' : 'starting'} run ${event.runId} of ${event.pipeline} (state in ${event.stateDir})${event.window === undefined ? '' : `, reading ${windowText(event.window)}`}`,
  Warned: (event) => `warning: ${event.message}`,
  RowsRead: (event) => `read ${counted(event.records, 'row')}, ${counted(event.requested, 'request')}`,
  ReadingFinished: (event) => `read to the end: ${counted(event.records, 'row')}`,
  ChunkSealed: (event) =>
    `file ${event.chunk} sealed: ${counted(event.requests, 'request')}, ${bytes(event.bytes)}, about ${counted(event.tokens, 'token')}`,
  PlanMade: planLine,
  FileUploaded: (event) => `file ${event.chunk} uploaded as ${event.fileId} (${bytes(event.bytes)})`,
  BatchSubmitted: (event) =>
    `file ${event.chunk} ${event.adopted ? 'found again' : 'submitted'} as batch ${event.batchId}`,
  BatchPolled: (event) =>
    `batch ${event.batchId} (file ${event.chunk}) ${event.status}, ${count(event.completed)} of ${counted(event.total, 'request')}`,
  LookPlanned: (event) =>
    `file ${event.chunk} is looked at next at ${new Date(event.due).toISOString().slice(0, 19)}Z`,
  EndForecast: (event) =>
    `done by about ${new Date(event.p50).toISOString().slice(0, 19)}Z, in nine of ten cases by ${new Date(event.p90).toISOString().slice(0, 19)}Z`,
  BatchEnded: (event) => `batch ${event.batchId} (file ${event.chunk}) ${event.status}`,
  BatchDeferred: (event) => `file ${event.chunk} has to wait: ${event.message}`,
  RoomAwaited: awaitedRoom,
  ChunkSuperseded: (event) =>
    `file ${event.chunk} is larger than the limit of ${event.of === 'bytes' ? bytes(event.limit) : counted(event.limit, 'enqueued token')}; its rows move to smaller files`,
  WayChosen: (event) => event.reason,
  RequestsAnswered: (event) =>
    `file ${event.chunk}: ${count(event.answered)} of ${counted(event.requests, 'request')} answered`,
  RowsLoaded: (event) => `file ${event.chunk}: ${counted(event.rows, 'more row')} loaded`,
  ChunkLoaded: (event) =>
    `file ${event.chunk} done: ${count(event.ok)} ok, ${count(event.failed)} failed, ${count(event.pending)} pending`,
  RowsDeleted: (event) => `${counted(event.rows, 'row')} deleted whose source row is gone`,
  FollowersLoaded: (event) =>
    `file ${event.chunk} answered ${counted(event.ok, 'row')} more that asked the same${event.failed === 0 ? '' : `, ${count(event.failed)} failed`}`,
  RowsReopened: (event) =>
    `${event.loaded} rows were loaded from saved answers, ${event.sent} are sent again`,
  BecameLate: lateText,
  StepRetried: (event) =>
    `warning: ${event.step} failed and is tried again in ${(event.waitMs / 1000).toFixed(1)} s: ${event.message}`,
  RunEnded: (event) => `run ${event.runId} ${event.status.replaceAll('_', ' ')}`,
};

/** What it was to be done by, and is not. */
export function lateText({
  of,
  due,
}: {
  readonly of: 'deadline' | 'forecast';
  readonly due: number;
}): string {
  const time = `${new Date(due).toISOString().slice(0, 19)}Z`;
  return of === 'deadline'
    ? `late: the deadline ${time} has passed`
    : `late: it was to be done by ${time}, which is twice as long as nine of ten such runs take`;
}

/** Text in which no character moves the cursor or breaks the line. */
export function visible(text: string): string {
  return text.replaceAll(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => {
      const known: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
      return known[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
    },
  );
}
