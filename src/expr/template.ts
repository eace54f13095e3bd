import { type Expression, Output, type Template, TokenKind } from 'liquidjs';
import { BatchlineError } from '../core/errors.ts';
import { longestRow, rowTooLarge } from '../core/longest-row.ts';
import type { Field, Value } from '../core/value.ts';
import { type TemplateProblem, parseEngine, renderEngine, templateProblem } from './liquid-engine.ts';
import { toScope } from './liquid-scope.ts';
import { didYouMean, nearestName } from '../core/did-you-mean.ts';

export type { TemplateProblem };

/** A constant piece of a template, or the name of a field whose printed value stands there. */
export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'field'; readonly field: string };

/** A Liquid template made ready to render. */
export interface CompiledTemplate {
  readonly text: string;
  /** The variables that it reads, without those that it assigns itself. */
  readonly fields: readonly string[];
  /** Its pieces in order, where it consists of text and plain `{{ field }}` outputs only; else null. */
  readonly parts: readonly TemplatePart[] | null;
  /** Whether it prints the present date or time, so that its request never hashes alike twice. */
  readonly usesNow: boolean;
  /**
   * @param scope the value of each of `fields`, made by `templateScope`
   * @throws BatchlineError `template_failed`, naming the variable and where it stands in the template, and
   *   `row_too_large`
   */
  render(scope: object): string;
}

/** What is wrong with a template's syntax; empty where nothing is. Liquid stops at the first fault. */
export function checkTemplate(text: string): readonly TemplateProblem[] {
  try {
    refuseLooseWords(parseEngine.parse(text));
    return [];
  } catch (error) {
    return [templateProblem(error)];
  }
}

/** A variable that a template reads and that there is not, where it stands first. */
export interface UnknownVariable extends TemplateProblem {
  readonly suggestion: string | undefined;
}

/** @param text a template without faults of its syntax */
export function unknownVariables(text: string, names: readonly string[]): readonly UnknownVariable[] {
  const { globals } = parseEngine.analyzeSync(parseEngine.parse(text));
  return Object.entries(globals).flatMap(([name, [first]]) => {
    if (names.includes(name)) return [];
    const { row: line, col: column } = first?.location ?? { row: 1, col: 1 };
    const suggestion = nearestName(name, names);
    const all = suggestion === undefined ? `; there are: ${names.join(', ')}` : '';
    return [{ message: `"${name}" is no field of the row${all}`, suggestion, line, column }];
  });
}

/** @throws BatchlineError `invalid_template` where `checkTemplate` finds something */
export function compileTemplate(text: string): CompiledTemplate {
  const [problem] = checkTemplate(text);
  if (problem !== undefined) {
    throw new BatchlineError('invalid_template', `the template is not valid Liquid: ${problem.message}`, {
      where: `line ${problem.line}, column ${problem.column} of the template`,
      hint: 'Correct the template; its language is described at https://shopify.github.io/liquid/.',
    });
  }
  const parsed = parseEngine.parse(text);
  const runnable = renderEngine.parse(text);
  return {
    text,
    fields: parseEngine.globalVariablesSync(parsed),
    parts: plainParts(parsed),
    usesNow: /(['"])(?:now|today)\1/.test(text) && /\|\s*date/.test(text),
    render: (scope) => render(runnable, scope),
  };
}

/** The scope that `render` takes, from values by name. */
export function templateScope(
  names: readonly string[],
  value: (index: number) => Value,
): Record<string, unknown> {
  const scope = Object.create(null) as Record<string, unknown>;
  for (const [index, name] of names.entries()) scope[name] = toScope(value(index));
  return scope;
}

/** @throws BatchlineError `unknown_variable` where the template reads a variable that is not among the fields */
export function checkFields(compiled: CompiledTemplate, fields: readonly Field[]): void {
  const names = fields.map((field) => field.name);
  const unknown = compiled.fields.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new BatchlineError(
    'unknown_variable',
    `the template reads "${unknown}", which is no field of the row`,
    {
      hint: didYouMean(unknown, names),
    },
  );
}

function render(template: Template[], scope: object): string {
  const text = renderText(template, scope);
  if (text.length > longestRow) throw rowTooLarge(text.length);
  return text;
}

function renderText(template: Template[], scope: object): string {
  try {
    return renderEngine.renderSync(template, scope) as string;
  } catch (error) {
    const { message, line, column } = templateProblem(error);
    throw new BatchlineError(
      'template_failed',
      `${message} (line ${line}, column ${column} of the template)`,
      {
        hint: 'Guard the place with {% if x %} or the default filter.',
        cause: error,
      },
    );
  }
}

function plainParts(parsed: readonly Template[]): readonly TemplatePart[] | null {
  const parts = parsed.map(plainPart);
  return parts.every((part) => part !== null) ? parts : null;
}

function plainPart(template: Template): TemplatePart | null {
  if (template.token.kind === TokenKind.HTML) return { kind: 'text', text: textOf(template) };
  if (!(template instanceof Output) || template.value.filters.length > 0) return null;
  const field = plainField(template.value.initial);
  return field === undefined ? null : { kind: 'field', field };
}

/** The name in `{{ name }}` or `{{ ["a name"] }}`. */
function plainField(expression: Expression): string | undefined {
  const [token, ...more] = expression.postfix as readonly AccessToken[];
  if (token?.kind !== TokenKind.PropertyAccess || more.length > 0) return undefined;
  const [name, ...path] = token.props ?? [];
  return token.variable === undefined && path.length === 0 ? name?.content : undefined;
}

interface AccessToken {
  readonly kind: TokenKind;
  readonly variable?: unknown;
  readonly props?: readonly { readonly content?: string }[];
}

function textOf(template: Template): string {
  // Trimming by `{{-` is done by now: the token knows how much of it is left.
  return (template.token as unknown as { getContent(): string }).getContent();
}

/** Liquid would silently print only the first word of `{{ first name }}`. */
function refuseLooseWords(parsed: readonly Template[]): void {
  for (const template of parsed) {
    if (!(template instanceof Output)) continue;
    const { postfix } = template.value.initial;
    const operators = postfix.filter(
      (token) => token.kind === TokenKind.Operator && token.getText() !== 'not',
    );
    const operands = postfix.filter((token) => token.kind !== TokenKind.Operator);
    if (operands.length === operators.length + 1) continue;
    throw Object.assign(
      new Error(`"${template.token.getText()}" holds two values with nothing between them`),
      {
        token: template.token,
      },
    );
  }
}
