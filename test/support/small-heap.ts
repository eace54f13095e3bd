import type { PipelineProject } from './pipeline-process.ts';

const reportPeak =
  'process.once("exit", () => process.stderr.write(`peak ${Math.round(process.resourceUsage().maxRSS / 1024)} MB\\n`))';

/** Lets a project's commands run as they do where they are installed, and say how much memory they took at most. */
export function useSmallHeap(project: PipelineProject): void {
  project.env = { MALLOC_ARENA_MAX: '1' };
  project.nodeOptions = [
    '--max-semi-space-size=4',
    '--max-old-space-size=400',
    `--import=data:text/javascript,${encodeURIComponent(reportPeak)}`,
  ];
}

/** What the command said that it took, in MB. */
export function peakOf(stderr: string): number {
  return Number(/^peak (\d+) MB$/m.exec(stderr)?.[1] ?? Number.NaN);
}
