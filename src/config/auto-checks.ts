import { isTimezone } from '../core/deadline.ts';
import { nearestName } from '../core/did-you-mean.ts';
import { valueAt, type Fault } from './fault.ts';

/** A time zone that the machine does not know. */
export function checkTimezone(data: unknown): readonly Fault[] {
  const path = ['schedule', 'timezone'];
  const name = valueAt(data, path);
  if (typeof name !== 'string' || name === '' || isTimezone(name)) return [];
  const suggestion = nearestName(name, Intl.supportedValuesOf('timeZone'));
  return [
    { path, message: 'is no time zone that is known; write one like UTC or Europe/Berlin', suggestion },
  ];
}

/** Another mode, perhaps of `--set`, passes over what is there for `auto`: a warning, for it may be meant. */
export function warnOfAuto(data: unknown): readonly Fault[] {
  const path = ['auto', 'deadline'];
  if (valueAt(data, path) === undefined || valueAt(data, ['mode']) === 'auto') return [];
  return [{ path, message: 'holds with `mode: auto` only; nothing hurries this run', at: 'key' }];
}
