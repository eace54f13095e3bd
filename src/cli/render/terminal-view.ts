import { stripVTControlCharacters, styleText } from 'node:util';
import type { PipelineEvent } from '../../core/events.ts';
import { isShown, levelOf } from './level.ts';
import { Pace } from './pace.ts';
import { Progress } from './progress.ts';
import type { View, ViewOptions } from './view.ts';
import { count, counted, describeEvent } from './words.ts';

const frameMs = 100;
const tickMs = 1000;
const barWidth = 24;

/** Events that stay on the screen above the block. */
const lasting = new Set<PipelineEvent['type']>([
  'RunStarted',
  'PlanMade',
  'Warned',
  'StepRetried',
  'BecameLate',
  'WayChosen',
]);

type Style = Parameters<typeof styleText>[0];
type Paint = (style: Style, text: string) => string;

/** A small block at the bottom of the terminal that is drawn over itself, each second at least. */
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
  /** The widths of the lines that stand on the screen. */
  #drawn: readonly number[] = [];
  #ending = '';
  #soon: NodeJS.Timeout | undefined;
  readonly #clock: NodeJS.Timeout;

  constructor({ stderr, env, level }: ViewOptions, now: () => number) {
    const hasColour = (env['NO_COLOR'] ?? '') === '';
    this.#paint = (style, text) => (hasColour ? styleText(style, text, { validateStream: false }) : text);
    this.#stderr = stderr;
    this.#level = level;
    this.#now = now;
    this.#pace = new Pace(now());
    this.#clock = setInterval(() => this.#draw(), tickMs).unref();
  }

  show(event: PipelineEvent): void {
    this.#progress.take(event);
    if (event.type === 'RunEnded') this.#ending = `${paintEvent(event, this.#paint)}\n`;
    const isLasting = lasting.has(event.type) && isShown(levelOf(event), this.#level);
    if (isLasting) this.#draw(`${paintEvent(event, this.#paint)}\n`);
    else this.#soon ??= setTimeout(() => this.#draw(), frameMs).unref();
  }

  close(): void {
    clearInterval(this.#clock);
    this.#draw();
    this.#stderr.write(this.#ending);
    this.#drawn = [];
    this.#ending = '';
  }

  #draw(above = ''): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    const width = this.#stderr.columns ?? 80;
    const block = blockLines(this.#progress, this.#paint);
    const pace = block.length === 0 ? [] : [this.#pace.line(this.#progress, this.#now())];
    const lines = [...block, ...pace.map((line) => this.#paint('dim', line))].map((line) => fit(line, width));
    this.#stderr.write(`${this.#erase(width)}${above}${lines.map((line) => `${line}\n`).join('')}`);
    this.#drawn = lines.map((line) => stripVTControlCharacters(line).length);
  }

  /** A terminal that became narrower has wrapped the lines, and a Ctrl-C leaves its own mark where the cursor is. */
  #erase(width: number): string {
    const rows = this.#drawn.reduce((sum, length) => sum + Math.max(1, Math.ceil(length / width)), 0);
    return rows === 0 ? '' : `\r\u001b[${rows}A\u001b[0J`;
  }
}

function paintEvent(event: PipelineEvent, paint: Paint): string {
  const text = describeEvent(event);
  return levelOf(event) === 'warn' ? paint('yellow', text) : paint('bold', text);
}

function blockLines(progress: Progress, paint: Paint): readonly string[] {
  if (progress.records === 0 && progress.files === 0) return [];
  const waits = progress.waitsFor === '' ? [] : [paint('dim', progress.waitsFor)];
  return [readingLine(progress, paint), ...batchLines(progress, paint), ...waits];
}

function readingLine(progress: Progress, paint: Paint): string {
  const state = progress.isReadingDone ? 'read' : 'reading';
  return `${paint('dim', state.padEnd(8))} ${counted(progress.records, 'row')}, ${counted(progress.total, 'request')} in ${counted(progress.files, 'file')}`;
}

function batchLines(progress: Progress, paint: Paint): readonly string[] {
  if (progress.files === 0) return [];
  const { answered, loaded, total, failed } = progress;
  const states = [
    `${count(progress.inState('sealed', 'uploaded'))} waiting`,
    `${count(progress.inState('running'))} running`,
    `${count(progress.inState('ended', 'loaded'))} ended`,
  ];
  const failures = failed === 0 ? '' : paint('red', `, ${count(failed)} failed`);
  return [
    `${paint('dim', 'batches ')} ${bar(answered, total, paint)} ${states.join(', ')}`,
    `${paint('dim', 'loaded  ')} ${bar(loaded, total, paint)} ${counted(loaded, 'row')}${failures}`,
  ];
}

function bar(done: number, total: number, paint: Paint): string {
  const filled = total === 0 ? 0 : Math.round((Math.min(done, total) / total) * barWidth);
  const percent = total === 0 ? 0 : Math.floor((Math.min(done, total) / total) * 100);
  const line = `${paint('green', '█'.repeat(filled))}${paint('dim', '░'.repeat(barWidth - filled))}`;
  return `${line} ${String(percent).padStart(3)} %`;
}

/** A line longer than the terminal would wrap, and the block would no longer be erased whole. */
function fit(line: string, width: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length < width ? line : `${plain.slice(0, width - 2)}…`;
}
