import type { RowFault } from './row-faults.ts';

/** What an answer is changed to; a part that is left out stays as it is. */
export interface AnswerChange {
  readonly text?: (text: string) => string;
  readonly refusal?: string;
  /** Whether embeddings get a dimension too few. */
  readonly shortens?: boolean;
  /** Why it ended early. */
  readonly cut?: 'length' | 'content_filter';
}

/** The change that a fault makes to an answer; undefined where it is none of an answer's faults. */
export function changeOf(fault: RowFault): AnswerChange | undefined {
  switch (fault.fault) {
    case 'answer':
      return { text: () => fault.text };
    case 'misfit':
      return { text: () => '["this does not fit"]', shortens: true };
    case 'refusal':
      return { refusal: fault.text };
    case 'length':
      return { text: (text) => text.slice(0, Math.floor(text.length / 2)), cut: 'length' };
    case 'content_filter':
      return { text: () => '', cut: 'content_filter' };
    case 'nul':
      return { text: (text) => insert(text, '\u0000') };
    case 'lone_surrogate':
      return { text: (text) => insert(text, '\ud800') };
    case 'status':
    case 'error':
    case 'missing':
    case 'duplicate':
    case 'stranger':
    case 'unparsable':
      return undefined;
  }
}

export function changeText(text: unknown, change: AnswerChange): unknown {
  return typeof text === 'string' && change.text !== undefined ? change.text(text) : text;
}

/** Puts something into a text; where the text is JSON, into the first text in it, so that it stays JSON. */
function insert(text: string, part: string): string {
  if (!/^[[{]/.test(text)) return halves(text, part);
  let isDone = false;
  return JSON.stringify(JSON.parse(text), (_key, value: unknown) => {
    if (typeof value !== 'string' || isDone) return value;
    isDone = true;
    return halves(value, part);
  });
}

function halves(text: string, part: string): string {
  const middle = Math.floor(text.length / 2);
  return text.slice(0, middle) + part + text.slice(middle);
}
