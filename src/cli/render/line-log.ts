import type { PipelineEvent, ToldEvent } from '../../core/events.ts';
import { isShown, levelOf } from './level.ts';
import type { View, ViewOptions } from './view.ts';
import { describeEvent } from './words.ts';

/** Counts that only rise are shown at most this often. */
const shortestGapMs = 10_000;

/** `2026-11-28T20:10:26Z`, as other logs have it, whatever the machine's time zone. */
function timeOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** One plain line a change of state, for files, pipes and CI, each with its time. */
export function createLineLog({ stderr, level }: ViewOptions, now: () => number = Date.now): View {
  const gate = new Gate(now);
  const write = (event: ToldEvent): void =>
    void stderr.write(`${timeOf(event.at)} ${describeEvent(event)}\n`);
  return {
    show: (event) => {
      if (isShown(levelOf(event), level) && gate.lets(event)) write(event);
    },
    close: () => undefined,
  };
}

/** Lets an event pass unless it says nothing new, or says it too soon after the last of its kind. */
class Gate {
  readonly #now: () => number;
  readonly #shown = new Map<
    string,
    { readonly text: string; readonly status: string; readonly at: number }
  >();

  constructor(now: () => number) {
    this.#now = now;
  }

  lets(event: PipelineEvent): boolean {
    if (event.type === 'BatchPolled') return this.#isNews(`batch ${event.chunk}`, event, event.status);
    if (event.type === 'RowsRead') return this.#isNews('read', event, '');
    if (event.type === 'RequestsAnswered') return this.#isNews(`ask ${event.chunk}`, event, '');
    if (event.type === 'RowsLoaded') return this.#isNews(`load ${event.chunk}`, event, '');
    if (event.type === 'RoomAwaited') return this.#isNews('room', event, describeEvent(event));
    return true;
  }

  #isNews(key: string, event: PipelineEvent, status: string): boolean {
    const text = describeEvent(event);
    const last = this.#shown.get(key);
    const at = this.#now();
    if (last !== undefined && last.status === status) {
      if (last.text === text || at - last.at < shortestGapMs) return false;
    }
    this.#shown.set(key, { text, status, at });
    return true;
  }
}
