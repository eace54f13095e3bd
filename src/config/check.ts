import { errorMessage } from '../core/errors.ts';
import type { Redactor } from '../core/redact.ts';
import type { RowFields } from '../core/row-fields.ts';
import { crossCheck } from './cross-checks.ts';
import { PipelineDocument, type SyntaxFault } from './document.ts';
import type { Environment } from './environment.ts';
import { type Fault, formatPath, type Path, type TextPosition } from './fault.ts';
import { excerptAt } from './excerpt.ts';
import { applyOverrides, type Override } from './overrides.ts';
import { warnOfParams } from './param-checks.ts';
import { parsePipeline } from './parse.ts';
import { defaultProvider, pipelineSchema, type Pipeline } from './pipeline.ts';
import { type Problem, sortProblems } from './problem.ts';
import { isRoutingName } from '../core/routing-name.ts';
import { annotatedTexts, type AnnotatedText } from './schema-tree.ts';
import { hideSecret, hideUrlPassword } from './secrets.ts';
import { substituteEnvironment, type Substituted } from './substitute.ts';
import { checkTexts, warnOfTexts } from './text-checks.ts';

export interface CheckOptions {
  /** The file's name, for messages. */
  readonly file: string;
  readonly env: Environment;
  readonly overrides: readonly Override[];
  readonly redactor: Redactor;
}

export interface Checked {
  /** The file's data as far as it could be read, whatever is wrong with it; undefined where it could not. */
  readonly data: unknown;
  /** Everything that is wrong, once the fields of the rows are known as well. */
  readonly problemsOf: (row: RowFields) => readonly Problem[];
  /** Undefined where there are problems. */
  readonly pipeline: Pipeline | undefined;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Reads a pipeline file's text and finds everything that is wrong with it. Reaches nothing. */
export function checkPipeline(source: string, options: CheckOptions): Checked {
  return new Check(source, options).run();
}

class Check {
  readonly #document: PipelineDocument;
  readonly #options: CheckOptions;
  #filled: Substituted = { substitutions: new Map(), unresolved: new Set(), faults: [] };

  constructor(source: string, options: CheckOptions) {
    this.#document = new PipelineDocument(source);
    this.#options = options;
  }

  run(): Checked {
    const syntax = this.#document.syntaxFaults();
    // What YAML stumbles over behind the first fault mostly follows from it.
    if (this.#document.isUnreadable) return this.#report(first(syntax), []);
    this.#filled = substituteEnvironment(this.#document, this.#options.env);
    const early = [...syntax, ...this.#filled.faults];
    const data = this.#readData();
    // What YAML already complains of is the reason why the data cannot be read.
    if ('fault' in data) return this.#report(early, syntax.length > 0 ? [] : [data.fault]);
    return this.#judge(early, data.data);
  }

  #readData(): { readonly data: object } | { readonly fault: Fault } {
    try {
      const data = this.#document.toData();
      if (typeof data === 'object' && data !== null && !Array.isArray(data)) return { data };
      return { fault: { path: [], message: data === null ? 'the file is empty' : 'must be a map of keys' } };
    } catch (error) {
      return { fault: { path: [], message: `cannot be read: ${errorMessage(error)}` } };
    }
  }

  #judge(early: readonly SyntaxFault[], fileData: object): Checked {
    const overridden = applyOverrides(fileData, this.#options.overrides);
    const parsed = parsePipeline(withProviderType(overridden.data), (path) => this.#textOf(path));
    const { data } = parsed;
    const texts = [...annotatedTexts(pipelineSchema, data)];
    this.#hideSecrets(texts);
    const faults = [...overridden.faults, ...parsed.faults, ...crossCheck(data)];
    const warnings = [...warnOfTexts(texts), ...warnOfParams(overridden.data)];
    const judged = (row: RowFields | undefined) =>
      this.#report(early, [...faults, ...misfits(row), ...checkTexts(texts, { data, row })], warnings);
    const checked = { ...judged(undefined), data, problemsOf: (row: RowFields) => judged(row).problems };
    return checked.problems.length > 0 ? checked : { ...checked, pipeline: parsed.pipeline };
  }

  /** The text behind a value that was read from a variable or from the command line. */
  #textOf(path: Path): string | undefined {
    const name = formatPath(path);
    const override = this.#options.overrides.findLast((each) => formatPath(each.path) === name);
    return override?.text ?? this.#filled.substitutions.get(this.#document.nodeAt(path))?.text;
  }

  #hideSecrets(texts: readonly AnnotatedText[]): void {
    for (const { path, value, annotations } of texts) {
      const filledIn = this.#filled.substitutions.get(this.#document.nodeAt(path))?.values ?? [];
      const isSecret = annotations['secret'] === true && !isRoutingName(String(path.at(-1)));
      if (isSecret) hideSecret(this.#options.redactor, value, filledIn);
      else hideUrlPassword(this.#options.redactor, value);
    }
  }

  #report(early: readonly SyntaxFault[], faults: readonly Fault[], warnings: readonly Fault[] = []): Checked {
    const known = faults.filter(({ path }) => !this.#filled.unresolved.has(this.#document.nodeAt(path)));
    const problems = [
      ...early.map((each) => this.#earlyProblem(each)),
      ...known.map((each) => this.#problem(each)),
    ];
    const sorted = sortProblems(problems);
    return {
      pipeline: undefined,
      data: undefined,
      problemsOf: () => sorted,
      problems: sorted,
      warnings: sortProblems(warnings.map((each) => this.#problem(each))),
    };
  }

  #earlyProblem({ offset, message, path = [] }: SyntaxFault): Problem {
    const { file } = this.#options;
    return {
      where: file,
      ...this.#document.position(offset),
      path: formatPath(path),
      message,
      suggestion: undefined,
      ...(this.#document.isUnreadable ? { excerpt: excerptAt(this.#document.source, offset) } : {}),
    };
  }

  #problem(fault: Fault): Problem {
    const { file, overrides, redactor } = this.#options;
    const path = formatPath(fault.path);
    const override = overrides.findLast((each) => `${path}.`.startsWith(`${formatPath(each.path)}.`));
    const place = override === undefined ? this.#place(fault) : { line: undefined, column: undefined };
    const where = override === undefined ? file : `--set ${formatPath(override.path)}`;
    const message = redactor.redact(this.#withoutValues(fault));
    return { where, ...place, path, message, suggestion: fault.suggestion };
  }

  /** A text that variables were filled into is not the file's: there is no place inside it. */
  #place(fault: Fault): TextPosition {
    const isFilled = this.#filled.substitutions.has(this.#document.nodeAt(fault.path));
    return this.#document.locate(
      isFilled && typeof fault.at === 'object' ? { ...fault, at: 'value' } : fault,
    );
  }

  /** A message that quotes the value must not show what came from the environment. */
  #withoutValues({ path, message, at }: Fault): string {
    const substitution = this.#filled.substitutions.get(this.#document.nodeAt(path));
    if (substitution === undefined) return message;
    if (typeof at === 'object') {
      return `is wrong at line ${at.line}, column ${at.column} once its variables are filled in`;
    }
    const values = [substitution.text, ...substitution.values].filter((value) => value !== '');
    return values.reduce((shown, value) => shown.replaceAll(value, substitution.template), message);
  }
}

/** The one that stands first in the file. */
function first(faults: readonly SyntaxFault[]): readonly SyntaxFault[] {
  return faults.toSorted((a, b) => a.offset - b.offset).slice(0, 1);
}

function misfits(row: RowFields | undefined): readonly Fault[] {
  const faults = row?.faults ?? [];
  return faults.map(({ transform, message }) => ({ path: ['transforms', transform], message }));
}

/** A provider block that only changes an address or a key, as `--set provider.base_url=...` makes one, is OpenAI's. */
function withProviderType(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || !('provider' in data)) return data;
  const { provider } = data;
  if (typeof provider !== 'object' || provider === null || 'type' in provider) return data;
  return { ...data, provider: { type: defaultProvider, ...provider } };
}
