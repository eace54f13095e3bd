import type { PipelineEvent } from '../../core/events.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error';

const order: readonly Level[] = ['debug', 'info', 'warn', 'error'];

/** Whether something of this level is shown where `least` is asked for. */
export function isShown(level: Level, least: Level): boolean {
  return order.indexOf(level) >= order.indexOf(least);
}

export function levelOf(event: PipelineEvent): Level {
  if (event.type === 'LookPlanned' || event.type === 'EndForecast') return 'debug';
  return event.type === 'Warned' || event.type === 'BecameLate' || event.type === 'StepRetried'
    ? 'warn'
    : 'info';
}
