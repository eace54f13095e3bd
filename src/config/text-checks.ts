import { asList, asMap } from '../core/json.ts';
import { resultVariables } from '../core/result-variables.ts';
import type { RowFields } from '../core/row-fields.ts';
import { checkExpression, compileExpression } from '../expr/cel.ts';
import { printPath } from '../expr/cel-paths.ts';
import { type KnownVariables, pathFault } from '../expr/known-paths.ts';
import { checkTemplate, compileTemplate, unknownVariables } from '../expr/template.ts';
import { type Fault, type Path, type TextPosition, valueAt } from './fault.ts';
import { requestDraft } from './request-draft.ts';
import type { AnnotatedText } from './schema-tree.ts';
import { isSplit } from './split-checks.ts';

/** What texts are judged by. */
export interface TextContext {
  /** The file's data. */
  readonly data: unknown;
  /** Undefined where nothing is known of the rows. */
  readonly row: RowFields | undefined;
}

/** Faults of the templates and expressions among the file's texts, each at its place inside the text. */
export function checkTexts(texts: readonly AnnotatedText[], context: TextContext): readonly Fault[] {
  return texts.flatMap((text) => {
    if (text.annotations['language'] === 'liquid') return checkLiquid(text, context);
    return text.annotations['language'] === 'cel' ? checkCel(text, context) : [];
  });
}

function checkLiquid({ path, value }: AnnotatedText, { row }: TextContext): readonly Fault[] {
  const faults = checkTemplate(value);
  const known = fieldsAt(path, row);
  const found = faults.length > 0 || known === undefined ? faults : unknownVariables(value, known);
  return found.map(({ line, column, ...fault }) => ({ path, ...fault, at: { line, column } }));
}

function checkCel({ path, value }: AnnotatedText, context: TextContext): readonly Fault[] {
  const isColumn = path[0] === 'sink';
  const faults = checkExpression(value, isColumn ? resultVariables : fieldsAt(path, context.row));
  const found = faults.length > 0 || !isColumn ? faults : checkMembers(value, knownVariables(context));
  return found.map(({ message, suggestion, column }) => ({
    path,
    message,
    suggestion,
    at: positionIn(value, column),
  }));
}

/** The names of the fields that a text reads; undefined where they are not known. */
function fieldsAt([block, index]: Path, row: RowFields | undefined): readonly string[] | undefined {
  const fields = block === 'transforms' ? row?.before[Number(index)] : row?.leaving;
  return fields?.map(({ name }) => name);
}

/** Members of answers, rows and keys that there cannot be. */
function checkMembers(text: string, known: KnownVariables) {
  return compileExpression(text, resultVariables).paths.flatMap((path) => {
    const fault = pathFault(path, known);
    if (fault === undefined) return [];
    const { message, suggestion, known: names } = fault;
    const all = suggestion === undefined && names.length > 0 ? `; there are: ${names.join(', ')}` : '';
    const column = Math.max(text.indexOf(printPath(path)), 0) + 1;
    return [{ message: `${message}${all}`, suggestion, column }];
  });
}

function knownVariables({ data, row }: TextContext): KnownVariables {
  const { endpoint, output } = requestDraft(data);
  const schema = asMap(asMap(output)?.['schema']);
  return { endpoint, schema, fields: row?.leaving?.map(({ name }) => name), keyNames: keyNames(data) };
}

function keyNames(data: unknown): readonly string[] | undefined {
  const key = valueAt(data, ['source', 'key']);
  const names = typeof key === 'string' ? [key] : asList(key).filter((name) => typeof name === 'string');
  if (names.length === 0) return undefined;
  return isSplit(data) ? [...names, 'chunk_index'] : names;
}

/** Templates that are right but surely not meant so. */
export function warnOfTexts(texts: readonly AnnotatedText[]): readonly Fault[] {
  return texts
    .filter(({ value, annotations }) => annotations['language'] === 'liquid' && usesNow(value))
    .map(({ path }) => ({
      path,
      message:
        'the current time makes each run a new request, so that nothing counts as unchanged and no cached answer is found',
    }));
}

function usesNow(template: string): boolean {
  return checkTemplate(template).length === 0 && compileTemplate(template).usesNow;
}

/** Line and column of the text's `column`th character, line feeds counted. */
function positionIn(text: string, column: number): TextPosition {
  const before = text.slice(0, column - 1).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
