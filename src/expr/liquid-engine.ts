import { Liquid, type LiquidErrors } from 'liquidjs';
import { printScoped } from './liquid-scope.ts';

/**
 * The limits that make a template safe to run on any row: nothing but the row's own properties is reachable, no file
 * is read, an unknown variable or filter is an error, and a render ends within a second.
 */
const strict = {
  strictVariables: true,
  strictFilters: true,
  ownPropertyOnly: true,
  lenientIf: true,
  // Without this map Liquid would read templates from the working directory.
  templates: {},
  parseLimit: 1e6,
  renderLimit: 1000,
  memoryLimit: 1e8,
  // Dates print alike on every machine: the request hash depends on them.
  timezoneOffset: 0,
  locale: 'en-US',
} as const;

/** Renders; lists and maps print as JSON. */
export const renderEngine = closed(new Liquid({ ...strict, outputEscape: printScoped }));

/** Parses without the output conversion of `renderEngine`, so that an output shows just the filters it was given. */
export const parseEngine = closed(new Liquid(strict));

/** Takes out the tags that load other templates: there are none. */
function closed(engine: Liquid): Liquid {
  for (const tag of ['include', 'render', 'layout', 'block']) delete engine.tags[tag];
  return engine;
}

/** Where a template is wrong; line and column count from 1. */
export interface TemplateProblem {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

/** What Liquid threw, without the position that it writes into its messages. */
export function templateProblem(error: unknown): TemplateProblem {
  const { message, token } = error as Partial<LiquidErrors>;
  const [line, column] = (token?.getPosition() ?? [1, 1]) as [number, number];
  return { message: (message ?? String(error)).replace(/, line:\d+, col:\d+$/, ''), line, column };
}
