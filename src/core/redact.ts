import type { PipelineEvent } from './events.ts';

const mask = '[secret]';

/** Values that must never be shown, and the one place that takes them out of text. */
export class Redactor {
  readonly #secrets = new Set<string>();

  /** Values shorter than four characters would blot out innocent text and protect nothing. */
  add(value: string): void {
    if (value.length >= 4) this.#secrets.add(value);
  }

  redact(text: string): string {
    let shown = text;
    for (const value of this.#secrets) shown = shown.replaceAll(value, mask);
    return shown;
  }
}

/** The event with the secrets taken out of every text in it, however deep. */
export function redactEvent({ type, ...rest }: PipelineEvent, redactor: Redactor): PipelineEvent {
  return { type, ...(redactValue(rest, redactor) as object) } as PipelineEvent;
}

function redactValue(value: unknown, redactor: Redactor): unknown {
  if (typeof value === 'string') return redactor.redact(value);
  if (Array.isArray(value)) return value.map((each) => redactValue(each, redactor));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, redactValue(each, redactor)]);
  return Object.fromEntries(entries) as object;
}
