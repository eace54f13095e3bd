import type { CommandContext } from '../context.ts';
import { createJsonLog } from './json-log.ts';
import { isShown, type Level } from './level.ts';
import { createLineLog } from './line-log.ts';
import { createTerminalView } from './terminal-view.ts';
import type { View, ViewOptions } from './view.ts';

/** What the flags `--quiet`, `--log-level` and `--log-format` ask for. */
export function viewOptions(options: Record<string, unknown>, context: CommandContext): ViewOptions {
  const level = options['quiet'] === true ? 'warn' : ((options['logLevel'] as Level | undefined) ?? 'info');
  const format = options['logFormat'] === 'json' ? 'json' : 'text';
  return { stderr: context.stderr, env: context.env, level, format };
}

/** Progress on standard error: a small block that is redrawn on a terminal, else a line a change, or JSON. */
export function openView(options: ViewOptions): View {
  if (options.format === 'json') return createJsonLog(options);
  const canRedraw = options.stderr.isTTY === true && options.env['TERM'] !== 'dumb';
  return canRedraw && isShown('info', options.level) ? createTerminalView(options) : createLineLog(options);
}
