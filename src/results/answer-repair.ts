/** JSON, as text and parsed. */
export interface RepairedJson {
  readonly text: string;
  readonly value: unknown;
}

/** The JSON object or list that an answer was surely meant to be; undefined where it is none, or several. */
export type AnswerRepair = (answer: string) => RepairedJson | undefined;

/** Loads what repairs answers: code fences, words before the JSON, trailing commas, comments, single quotes. */
export async function createAnswerRepair(): Promise<AnswerRepair> {
  const { jsonrepair } = await import('jsonrepair');
  return (answer) => {
    const json = insideFence(answer);
    const start = json.search(/[[{]/);
    if (start === -1) return undefined;
    try {
      return onlyValue(jsonrepair(wrapperStart + json.slice(start)));
    } catch {
      return undefined;
    }
  };
}

/**
 * The answer becomes the member of an object that is left open: what follows it is then another member, which is seen,
 * while several values in a row would be made into a list.
 */
const wrapperStart = '{"answer": ';

function onlyValue(repaired: string): RepairedJson | undefined {
  const members = Object.values(JSON.parse(repaired) as object) as unknown[];
  // Cut out of the repaired text, since numbers may have lost digits when it was parsed.
  const text = repaired.slice(wrapperStart.length, repaired.lastIndexOf('}'));
  return members.length === 1 ? { text, value: JSON.parse(text) } : undefined;
}

const fence = '```';

/** What stands in a code block, where one begins before the JSON does. */
function insideFence(answer: string): string {
  const open = answer.indexOf(fence);
  const start = answer.search(/[[{]/);
  if (open === -1 || start < open) return answer;
  const close = answer.lastIndexOf(fence);
  return close > start ? answer.slice(start, close) : answer.slice(start);
}
