import { stripVTControlCharacters, styleText } from 'node:util';
import type { PipelineEvent } from '../../core/events.ts';
import { isShown, levelOf } from './level.ts';
import { Progress } from './progress.ts';
import type { View, ViewOptions } from './view.ts';
import { count, counted, describeEvent } from './words.ts';

const frameMs = 100;
const barWidth = 24;

/** Events that stay on the screen above the block. */
const lasting = new Set<PipelineEvent['type']>(['RunStarted', 'Warned', 'StepRetried']);

type Style = Parameters<typeof styleText>[0];
type Paint = (style: Style, text: string) => string;

/** A small block at the bottom of the terminal that is drawn over itself. */
export function createTerminalView({ stderr, env, level }: ViewOptions): View {
  const progress = new Progress();
  const hasColour = (env['NO_COLOR'] ?? '') === '';
  const paint: Paint = (style, text) =>
    hasColour ? styleText(style, text, { validateStream: false }) : text;
  let drawn = 0;
  let ending = '';
  let timer: NodeJS.Timeout | undefined;

  const erase = (): string => (drawn === 0 ? '' : `\u001b[${drawn}A\u001b[0J`);
  const draw = (above = ''): void => {
    clearTimeout(timer);
    timer = undefined;
    const lines = blockLines(progress, paint).map((line) => fit(line, stderr.columns ?? 80));
    stderr.write(`${erase()}${above}${lines.map((line) => `${line}\n`).join('')}`);
    drawn = lines.length;
  };
  return {
    show: (event) => {
      progress.take(event);
      if (event.type === 'RunEnded') ending = `${paintEvent(event, paint)}\n`;
      const isLasting = lasting.has(event.type) && isShown(levelOf(event), level);
      if (isLasting) draw(`${paintEvent(event, paint)}\n`);
      else timer ??= setTimeout(draw, frameMs).unref();
    },
    close: () => {
      draw();
      stderr.write(ending);
      drawn = 0;
      ending = '';
    },
  };
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
  return `${paint('dim', state.padEnd(8))} ${counted(progress.records, 'row')}, ${counted(progress.requested, 'request')} in ${counted(progress.files, 'file')}`;
}

function batchLines(progress: Progress, paint: Paint): readonly string[] {
  if (progress.files === 0) return [];
  const done = progress.sum('completed');
  const total = progress.sum('requests');
  const failed = progress.sum('failed');
  const states = [
    `${count(progress.inState('sealed', 'uploaded'))} waiting`,
    `${count(progress.inState('running'))} running`,
    `${count(progress.inState('ended', 'loaded'))} ended`,
  ];
  const failures = failed === 0 ? '' : paint('red', `, ${count(failed)} failed`);
  return [
    `${paint('dim', 'batches ')} ${bar(done, total, paint)} ${states.join(', ')}`,
    `${paint('dim', 'loaded  ')} ${bar(progress.sum('loaded'), total, paint)} ${counted(progress.sum('loaded'), 'row')}${failures}`,
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
