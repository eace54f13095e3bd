import type { Node } from 'yaml';
import { errorMessage } from '../core/errors.ts';
import type { Redactor } from '../core/redact.ts';
import type { RowFields } from '../core/row-fields.ts';
import { warnOfAuto } from './auto-checks.ts';
import { crossCheck } from './cross-checks.ts';
import { PipelineDocument, type SyntaxFault } from './document.ts';
import type { Environment } from './environment.ts';
import { type Fault, formatPath, type Path, type TextPosition } from './fault.ts';
import { excerptAt } from './excerpt.ts';
import { applyOverrides, overrideOf, type Override } from './overrides.ts';
import { keysOfOtherType, withoutKeys } from './other-type.ts';
import { warnOfParams } from './param-checks.ts';
import { parsePipeline } from './parse.ts';
import { defaultProvider, pipelineSchema, type Pipeline } from './pipeline.ts';
import { type Problem, sortProblems } from './problem.ts';
import { isRoutingName } from '../core/routing-name.ts';
import { annotatedTexts, type AnnotatedText } from './schema-tree.ts';
import { hideSecret, hideUrl, hideUrlPassword } from './secrets.ts';
import { substituteEnvironment, type StandIn, type Substituted, type Substitution } from './substitute.ts';
import { isOfOtherTarget, missingTarget, targetNames, targetOverrides } from './targets.ts';
import { checkTexts, warnOfTexts } from './text-checks.ts';

export interface CheckOptions {
  /** The file's name, for messages. */
  readonly file: string;
  readonly env: Environment;
  /** From the command line. */
  readonly overrides: readonly Override[];
  /** Which of the file's targets is taken. */
  readonly target?: string | undefined;
  /** Which of the values that stand in place of the file's are taken; all of them where it is left out. */
  readonly takes?: ((override: Override) => boolean) | undefined;
  readonly redactor: Redactor;
  /** What takes the place of variables that are not set; where it is left out they are faults. */
  readonly standIn?: StandIn | undefined;
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
  /** What stands in place of the file's own values, the target's before those of the command line. */
  readonly overrides: readonly Override[];
  /** The names of the file's targets. */
  readonly targets: readonly string[];
}

/** Reads a pipeline file's text and finds everything that is wrong with it. Reaches nothing. */
export function checkPipeline(source: string, options: CheckOptions): Checked {
  return new Check(source, options).run();
}

class Check {
  readonly #document: PipelineDocument;
  readonly #options: CheckOptions;
  #overrides: readonly Override[] = [];
  #targets: readonly string[] = [];
  /** Keys of the file that the values in their place leave no room for. */
  #dropped: readonly Path[] = [];
  #filled: Substituted = { substitutions: new Map(), unresolved: new Set(), faults: [] };

  constructor(source: string, options: CheckOptions) {
    this.#document = new PipelineDocument(source);
    this.#options = options;
  }

  run(): Checked {
    const syntax = this.#document.syntaxFaults();
    // What YAML stumbles over behind the first fault mostly follows from it.
    if (this.#document.isUnreadable) return this.#report(first(syntax), []);
    this.#filled = substituteEnvironment(this.#document, this.#options.env, this.#options.standIn);
    const data = this.#readData();
    // What YAML already complains of is the reason why the data cannot be read.
    if ('fault' in data)
      return this.#report([...syntax, ...this.#filled.faults], syntax.length > 0 ? [] : [data.fault]);
    this.#takeOverrides(data.data);
    const filling = this.#filled.faults.filter(({ path }) => path === undefined || this.#isTaken(path));
    return this.#judge([...syntax, ...filling], data.data);
  }

  #takeOverrides(data: object): void {
    const { target, overrides, takes = () => true } = this.#options;
    this.#targets = targetNames(data);
    this.#overrides = [...targetOverrides(data, target), ...overrides].filter(takes);
    const overridden = applyOverrides(data, this.#overrides).data;
    this.#dropped = keysOfOtherType(data, overridden, this.#overrides);
  }

  /** Whether anything depends on the value at a place of the file. */
  #isTaken(path: Path): boolean {
    const isDropped = this.#dropped.some((each) => each.every((key, depth) => path[depth] === key));
    const isOther = isOfOtherTarget(path, this.#options.target);
    return !isDropped && !isOther && overrideOf(this.#overrides, path) === undefined;
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
    const overridden = applyOverrides(withoutKeys(fileData, this.#dropped), this.#overrides);
    const parsed = parsePipeline(withProviderType(overridden.data), (path) => this.#textOf(path));
    const { data } = parsed;
    const texts = [...annotatedTexts(pipelineSchema, data)];
    this.#hideSecrets(texts);
    const faults = [...overridden.faults, ...parsed.faults, ...crossCheck(data)];
    const warnings = [
      ...warnOfTexts(texts),
      ...warnOfParams(overridden.data),
      ...warnOfAuto(overridden.data),
    ];
    const missing = missingTarget(fileData, this.#options.target);
    const judged = (row: RowFields | undefined) =>
      this.#report(
        early,
        [...faults, ...misfits(row), ...checkTexts(texts, { data, row })],
        warnings,
        missing,
      );
    const checked = { ...judged(undefined), data, problemsOf: (row: RowFields) => judged(row).problems };
    return checked.problems.length > 0 ? checked : { ...checked, pipeline: parsed.pipeline };
  }

  /** The text behind a value that was read from a variable or from the command line. */
  #textOf(path: Path): string | undefined {
    const override = overrideOf(this.#overrides, path);
    const isWhole = override?.path.length === path.length;
    return (isWhole ? override?.text : undefined) ?? this.#substitutionAt(path)?.text;
  }

  /** Where the value at a path stands in the file; undefined where it came from the command line. */
  #origin(path: Path): Path | undefined {
    const override = overrideOf(this.#overrides, path);
    if (override === undefined) return path;
    return override.from && [...override.from, ...path.slice(override.path.length)];
  }

  #nodeAt(path: Path): Node | undefined {
    const origin = this.#origin(path);
    return origin && this.#document.nodeAt(origin);
  }

  #substitutionAt(path: Path): Substitution | undefined {
    return this.#filled.substitutions.get(this.#nodeAt(path));
  }

  #hideSecrets(texts: readonly AnnotatedText[]): void {
    for (const { path, value, annotations } of texts) {
      const filledIn = this.#substitutionAt(path)?.values ?? [];
      const isSecret = annotations['secret'] === true && !isRoutingName(String(path.at(-1)));
      if (isSecret) hideSecret(this.#options.redactor, value, filledIn);
      else hideUrlPassword(this.#options.redactor, value);
      if (annotations['wholeUrl'] === true) hideUrl(this.#options.redactor, value);
    }
  }

  #report(
    early: readonly SyntaxFault[],
    faults: readonly Fault[],
    warnings: readonly Fault[] = [],
    missing?: Problem,
  ): Checked {
    const known = faults.filter(({ path }) => !this.#filled.unresolved.has(this.#nodeAt(path)));
    const problems = [
      ...early.map((each) => this.#earlyProblem(each)),
      ...known.map((each) => this.#problem(each)),
      ...(missing === undefined ? [] : [missing]),
    ];
    const sorted = sortProblems(problems);
    return {
      pipeline: undefined,
      data: undefined,
      problemsOf: () => sorted,
      problems: sorted,
      warnings: sortProblems(warnings.map((each) => this.#problem(each))),
      overrides: this.#overrides,
      targets: this.#targets,
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
    const { file, redactor } = this.#options;
    const origin = this.#origin(fault.path);
    const override = overrideOf(this.#overrides, fault.path);
    const place = origin === undefined ? { line: undefined, column: undefined } : this.#place(fault, origin);
    const where = origin === undefined ? `--set ${formatPath(override?.path ?? [])}` : file;
    const path = formatPath(origin ?? fault.path);
    const message = redactor.redact(this.#withoutValues(fault));
    return { where, ...place, path, message, suggestion: fault.suggestion };
  }

  /** A text that variables were filled into is not the file's: there is no place inside it. */
  #place(fault: Fault, path: Path): TextPosition {
    const isFilled = this.#filled.substitutions.has(this.#document.nodeAt(path));
    const at = isFilled && typeof fault.at === 'object' ? 'value' : (fault.at ?? 'value');
    return this.#document.locate({ ...fault, path, at });
  }

  /** A message that quotes the value must not show what came from the environment. */
  #withoutValues({ path, message, at }: Fault): string {
    const substitution = this.#substitutionAt(path);
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
