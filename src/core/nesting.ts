import { BatchlineError } from './errors.ts';

/**
 * The most levels of a JSON value. Whatever walks through values, our code, V8's own and the libraries', does so by
 * recursion, and the first of them runs out of stack at somewhat more than twice as many.
 */
export const mostLevels = 1000;

/** The most lists and objects of a JSON value: each takes many times its text's bytes of memory. */
export const mostParts = 1_000_000;

/** Whether a JSON text is nested too deep. Counting brackets, which costs next to nothing, mostly tells. */
export function isTooDeep(json: string): boolean {
  return hasMore(json, mostLevels) && depthExceeds(json);
}

/** Whether a JSON text has too many parts; brackets within its texts are not told apart. */
function isTooManifold(json: string): boolean {
  return json.length > 2 * mostParts && hasMore(json, mostParts);
}

/** @throws BatchlineError `nested_too_deep`, `row_too_large` */
export function refuseUnwieldy(json: string): void {
  if (isTooDeep(json)) throw tooDeep();
  if (isTooManifold(json)) throw tooManifold();
}

export function tooDeep(): BatchlineError {
  return new BatchlineError(
    'nested_too_deep',
    `the JSON is nested more than ${mostLevels} levels deep, which is more than is read; leave it out, or take the part that is needed where it is read`,
  );
}

export function tooManifold(): BatchlineError {
  return new BatchlineError(
    'row_too_large',
    `the JSON holds more than ${mostParts} lists and objects, which is more than is read; leave it out, or take the part that is needed where it is read`,
  );
}

function hasMore(json: string, most: number): boolean {
  let count = 0;
  for (const close of [']', '}'])
    for (let at = json.indexOf(close); at !== -1; at = json.indexOf(close, at + 1))
      if ((count += 1) > most) return true;
  return false;
}

function depthExceeds(json: string): boolean {
  let depth = 0;
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (code === quote) at = textEnd(json, at + 1);
    else if (code === 0x5b || code === 0x7b) depth += 1;
    else if (code === 0x5d || code === 0x7d) depth -= 1;
    if (depth > mostLevels) return true;
  }
  return false;
}

/** Where the quotation mark stands that ends a text. */
function textEnd(json: string, start: number): number {
  let at = start;
  for (; at < json.length && json.charCodeAt(at) !== quote; at += 1)
    if (json.charCodeAt(at) === 0x5c) at += 1;
  return at;
}

const quote = 0x22;
