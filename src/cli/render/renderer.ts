import type { EventListener, PipelineEvent } from '../../core/events.ts';
import type { Redactor } from '../../core/redact.ts';
import type { CommandContext, Output } from '../context.ts';
import { createJsonLog } from './json-log.ts';
import { isShown, type Level } from './level.ts';
import { createLineLog } from './line-log.ts';
import { createTerminalView } from './terminal-view.ts';

export interface RendererOptions {
  readonly stderr: Output;
  readonly redactor: Redactor;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly level: Level;
  readonly format: 'text' | 'json';
}

/** Shows events to the person or the log. */
export interface Renderer {
  readonly listen: EventListener;
  /** Shows what is still held back, and leaves the terminal as it should be. */
  close(): void;
}

/** A view that is told every event, of whatever level. */
export interface View {
  show(event: PipelineEvent): void;
  close(): void;
}

/** What the flags `--quiet`, `--log-level` and `--log-format` ask for. */
export function rendererOptions(options: Record<string, unknown>, context: CommandContext): RendererOptions {
  const level = options['quiet'] === true ? 'warn' : ((options['logLevel'] as Level | undefined) ?? 'info');
  const format = options['logFormat'] === 'json' ? 'json' : 'text';
  return { stderr: context.stderr, redactor: context.redactor, env: context.env, level, format };
}

/** Progress on standard error: a small block that is redrawn on a terminal, else a line a change, or JSON. */
export function createRenderer(options: RendererOptions): Renderer {
  const view = createView(options);
  return {
    listen: (event) => view.show(redactEvent(event, options.redactor)),
    close: () => view.close(),
  };
}

function createView(options: RendererOptions): View {
  if (options.format === 'json') return createJsonLog(options);
  const canRedraw = options.stderr.isTTY === true && options.env['TERM'] !== 'dumb';
  return canRedraw && isShown('info', options.level) ? createTerminalView(options) : createLineLog(options);
}

function redactEvent(event: PipelineEvent, redactor: Redactor): PipelineEvent {
  const entries = Object.entries(event).map(([key, value]) => [
    key,
    key !== 'type' && typeof value === 'string' ? redactor.redact(value) : (value as unknown),
  ]);
  return Object.fromEntries(entries) as PipelineEvent;
}
