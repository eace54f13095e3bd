import { isComplaint } from '../../../core/complaint.ts';
import { asList, asMap, type JsonMap } from '../../../core/json.ts';

/**
 * The body that asks again: what was asked first, then the answer that was not accepted, and a complaint about it.
 *
 * @param body as it was first sent: of several answers only the last is told
 */
export function reask(body: JsonMap, answer: string, complaint: string): JsonMap {
  const addition = [turn('model', answer), turn('user', complaint)];
  return { ...body, contents: [...asList(body['contents']), ...addition] };
}

function turn(role: string, text: string) {
  return { role, parts: [{ text }] };
}

/**
 * The body as it was first sent, of one that asks again; the same object where it does not. To be used only of rows
 * that have been asked again: what was first sent may look like that too.
 */
export function asked(body: JsonMap): JsonMap {
  const contents = asList(body['contents']);
  const [answer, complaint] = contents.slice(-2).map(asMap);
  const isReasking = answer?.['role'] === 'model' && isComplaint(firstText(complaint));
  return isReasking ? { ...body, contents: contents.slice(0, -2) } : body;
}

function firstText(content: JsonMap | undefined): unknown {
  return asMap(asList(content?.['parts'])[0])?.['text'];
}
