import { loadPipeline, type LoadOptions } from './load.ts';
import { ConfigError, formatProblem, sortProblems, type Problem } from './problem.ts';

/**
 * Checks a pipeline file as it stands and with each of its targets.
 *
 * @returns what it warns of
 * @throws ConfigError with everything that is wrong either way, each problem once
 */
export async function checkEveryTarget(path: string, options: LoadOptions): Promise<readonly Problem[]> {
  const asItStands = await checkOnce(path, options);
  const all: Findings[] = [asItStands];
  for (const target of options.target === undefined ? asItStands.targets : [])
    all.push(of(target, asItStands, await checkOnce(path, { ...options, target })));
  const problems = all.flatMap((each) => each.problems);
  if (problems.length > 0) throw new ConfigError(path, sortProblems(problems), asItStands.targets);
  return sortProblems(all.flatMap(({ warnings }) => warnings));
}

interface Findings {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

async function checkOnce(
  path: string,
  options: LoadOptions,
): Promise<Findings & { readonly targets: readonly string[] }> {
  try {
    const { warnings, targets } = await loadPipeline(path, options);
    return { problems: [], warnings, targets };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: error.problems, warnings: [], targets: error.targets };
  }
}

/** What only comes up with a target, which it names where its place in the file does not. */
function of(target: string, before: Findings, now: Findings): Findings {
  const only = (problems: readonly Problem[], known: readonly Problem[]): readonly Problem[] => {
    const told = new Set(known.map(formatProblem));
    return problems
      .filter((each) => !told.has(formatProblem(each)))
      .map((each) =>
        each.path.startsWith('targets.')
          ? each
          : { ...each, message: `${each.message}, with --target ${target}` },
      );
  };
  return {
    problems: only(now.problems, before.problems),
    warnings: only(now.warnings, before.warnings),
  };
}
