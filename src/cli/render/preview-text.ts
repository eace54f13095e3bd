import type { ShownPart, ShownRequest } from '../../core/shown-request.ts';
import { printValue } from '../../core/print.ts';
import type { Value } from '../../core/value.ts';
import type { PreviewedAnswer, PreviewedRequest } from '../../run/preview/preview.ts';
import { bytes, count, counted, dollars, visible } from './words.ts';

const longestValue = 300;
const fewNumbers = 4;

/** A request as a person reads it, and its answer where it was sent. */
export function requestText(request: PreviewedRequest, isLive: boolean): string {
  const lines = [`row ${visible(request.key)}`, ...shownLines(request.shown), `  ${sizeText(request)}`];
  if (isLive) lines.push(...(request.answer === null ? ['  not sent'] : answerLines(request.answer)));
  return lines.join('\n');
}

function shownLines({ messages, schema, params }: ShownRequest): readonly string[] {
  const names = Object.entries(params).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return [
    ...messages.flatMap(({ role, parts }) => [`  ${visible(role)}`, ...parts.flatMap(partLines)]),
    ...(schema === null ? [] : [`  schema  ${cut(JSON.stringify(schema))}`]),
    ...(names.length === 0 ? [] : [`  params  ${cut(names.join(', '))}`]),
  ];
}

function partLines(part: ShownPart): readonly string[] {
  if ('text' in part) return indented(part.text);
  return [`    [${cut(part.name)}${part.bytes === null ? '' : `, ${bytes(part.bytes)}`}]`];
}

function indented(text: string): readonly string[] {
  return text
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => `    ${visible(line)}`.trimEnd());
}

function sizeText({ tokens, ceiling, cost }: PreviewedRequest): string {
  const out =
    ceiling === null ? ', answer without a limit' : ceiling === 0 ? '' : ` and at most ${count(ceiling)} out`;
  const { batch, standard } = cost;
  if (batch === null && standard === null) return `${counted(tokens, 'token')}${out}: price unknown`;
  const most = ceiling === null ? 'the prompt costs ' : ceiling === 0 ? '' : 'at most ';
  const ways = [
    ...(batch === null ? [] : [`${dollars(batch)} by batch`]),
    ...(standard === null ? [] : [`${dollars(standard)} now`]),
  ];
  return `${counted(tokens, 'token')} in${out}: ${most}${ways.join(', ')}`;
}

function answerLines({ text, judged, cost }: PreviewedAnswer): readonly string[] {
  const said = text === null ? [] : ['  answer', ...indented(text)];
  const price = cost === null ? '' : `  cost    ${dollars(cost)}`;
  return [...said, ...outcomeLines(judged), ...(price === '' ? [] : [price])];
}

function outcomeLines(judged: PreviewedAnswer['judged']): readonly string[] {
  if ('code' in judged) return [`  failed  ${judged.code} (${judged.stage}): ${visible(judged.message)}`];
  const columns = Object.entries(judged.values);
  const width = Math.max(0, ...columns.map(([name]) => name.length));
  const isCut = judged.isCut
    ? ['  the answer ends at the token limit; raise max_tokens to have it whole']
    : [];
  return [
    '  columns',
    ...columns.map(([name, value]) => `    ${visible(name).padEnd(width)}  ${valueText(value)}`),
    ...isCut,
  ];
}

function valueText(value: Value): string {
  if (value === null) return 'null';
  if (!(value instanceof Float32Array)) return cut(printValue(value));
  const first = [...value.subarray(0, fewNumbers)].map((each) => each.toPrecision(4)).join(', ');
  return value.length > fewNumbers ? `[${first}, ... ${count(value.length)} numbers]` : `[${first}]`;
}

function cut(text: string): string {
  const shown = visible(text);
  return shown.length > longestValue ? `${shown.slice(0, longestValue)}...` : shown;
}
