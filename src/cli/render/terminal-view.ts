import type { PipelineEvent, ToldEvent } from '../../core/events.ts';
import { batchesOn, frameLines, type FrameState, type Screen } from './frame.ts';
import { paintFor, type Paint } from './paint.ts';
import { isShown, levelOf } from './level.ts';
import { Pace } from './pace.ts';
import { Progress } from './progress.ts';
import { Repainted } from './repainted.ts';
import type { View, ViewOptions } from './view.ts';
import { describeEvent } from './words.ts';

const tickMs = 1000;

/** Events that stay on the screen above the block. */
const lasting = new Set<PipelineEvent['type']>([
  'RunStarted',
  'PlanMade',
  'Warned',
  'StepRetried',
  'BecameLate',
  'WayChosen',
]);

/** A small block at the bottom of the terminal that is drawn over itself, once a second. */
export function createTerminalView(options: ViewOptions, now: () => number = Date.now): View {
  const view = new TerminalView(options, now);
  return { show: (event) => view.show(event), close: () => view.close() };
}

class TerminalView {
  readonly #stderr: ViewOptions['stderr'];
  readonly #level: ViewOptions['level'];
  readonly #paint: Paint;
  readonly #now: () => number;
  readonly #progress = new Progress();
  readonly #pace: Pace;
  readonly #repainted: Repainted;
  #ending = '';
  readonly #clock: NodeJS.Timeout;

  constructor({ stderr, env, level }: ViewOptions, now: () => number) {
    this.#paint = paintFor(env);
    this.#stderr = stderr;
    this.#repainted = new Repainted(stderr);
    this.#level = level;
    this.#now = now;
    this.#pace = new Pace(now());
    this.#clock = setInterval(() => this.#draw(), tickMs).unref();
  }

  show(event: ToldEvent): void {
    this.#progress.take(event, event.at);
    if (event.type === 'RunEnded') this.#ending = `${paintEvent(event, this.#paint)}\n`;
    const isLasting = lasting.has(event.type) && isShown(levelOf(event), this.#level);
    if (isLasting) this.#draw(`${paintEvent(event, this.#paint)}\n`);
  }

  close(): void {
    clearInterval(this.#clock);
    this.#draw();
    this.#stderr.write(this.#ending);
    this.#ending = '';
  }

  #draw(above = ''): void {
    this.#repainted.draw(this.#lines(), above);
  }

  #lines(): readonly string[] {
    const progress = this.#progress;
    if (progress.records === 0 && progress.files === 0) return [];
    const { columns = 80, rows = 24 } = this.#stderr;
    const [now, screen] = [this.#now(), { columns, rows }];
    return frameLines(stateOf(progress, this.#pace, screen, now), screen, now, this.#paint);
  }
}

function stateOf(progress: Progress, pace: Pace, screen: Screen, now: number): FrameState {
  const { isReadingDone: isRead, records, total, answered, loaded, failed, waitsFor } = progress;
  return {
    isRead,
    records,
    total,
    sealed: progress.reached('sealed'),
    uploaded: progress.reached('uploaded'),
    answered,
    downloaded: progress.reached('ended'),
    loaded,
    failed,
    files: {
      waiting: progress.inState('sealed', 'uploaded'),
      running: progress.inState('running'),
      ended: progress.inState('ended', 'loaded'),
    },
    batches: progress.oldest(batchesOn(screen)),
    notes: [waitsFor, progress.late].filter((note) => note !== ''),
    time: pace.line(progress, now),
  };
}

function paintEvent(event: PipelineEvent, paint: Paint): string {
  const text = describeEvent(event);
  return levelOf(event) === 'warn' ? paint('yellow', text) : paint('bold', text);
}
