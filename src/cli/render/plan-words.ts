import { momentText } from './moments.ts';
import type { PipelineEvent } from '../../core/events.ts';
import { count, counted, dollars } from './numbers.ts';

type PlanMade = Extract<PipelineEvent, { type: 'PlanMade' }>;

/** What a plan says in one line. */
export type PlanLine = Omit<PlanMade, 'type'>;

/** `4,812 requests in 3 files, about 1.9 M tokens, $0.21 by batch, $0.42 now, done by about 03:10`. */
export function planLine({ sureness, requests, files, input, isExact, way, cost, done }: PlanLine): string {
  if (requests === 0) return 'nothing to send';
  const before = { exact: '', about: 'about ', 'at least': 'at least ' }[sureness];
  const place = way === 'batch' ? `in ${counted(files, 'file')}` : 'one by one';
  const parts = [
    `${before}${counted(requests, 'request')} ${place}`,
    isExact ? counted(input, 'token') : `about ${tokens(input)} tokens`,
    ...costParts(way, cost),
    ...(done === null ? [] : [`done by about ${momentText(done, Date.now())}`]),
  ];
  return parts.join(', ');
}

function costParts(way: PlanLine['way'], { batch, standard }: PlanLine['cost']): readonly string[] {
  if (batch === null && standard === null) return ['cost unknown'];
  const now = standard === null ? [] : [`${dollars(standard)} now`];
  const by = [batch === null ? 'unknown by batch' : `${dollars(batch)} by batch`];
  return way === 'batch' ? [...by, ...now] : [...now, ...by];
}

/** `1.9 M`, `44,290`. */
export function tokens(value: number): string {
  return value < 1_000_000 ? count(value) : `${(value / 1_000_000).toFixed(1)} M`;
}
