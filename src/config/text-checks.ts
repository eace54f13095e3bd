import { resultVariables } from '../core/result-variables.ts';
import { checkExpression } from '../expr/cel.ts';
import { checkTemplate, compileTemplate } from '../expr/template.ts';
import type { Fault, Path, TextPosition } from './fault.ts';
import type { AnnotatedText } from './schema-tree.ts';

/** Syntax faults of the templates and expressions among the file's texts, each at its place inside the text. */
export function checkTexts(texts: readonly AnnotatedText[]): readonly Fault[] {
  return texts.flatMap(({ path, value, annotations }) => {
    if (annotations['language'] === 'liquid') {
      return checkTemplate(value).map(({ message, line, column }) => ({
        path,
        message,
        at: { line, column },
      }));
    }
    if (annotations['language'] !== 'cel') return [];
    return checkExpression(value, variablesAt(path)).map(({ message, suggestion, column }) => ({
      path,
      message,
      suggestion,
      at: positionIn(value, column),
    }));
  });
}

/** What the expressions of `sink.columns` may read; a transform's read the row, which only the source knows. */
function variablesAt([block]: Path): readonly string[] | undefined {
  return block === 'sink' ? resultVariables : undefined;
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
