import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** A program to run, with files for its standard streams. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The file that it reads as standard input. */
  readonly stdin?: string;
  /** The file that its standard output is written to. */
  readonly stdout?: string;
}

export interface Measurement {
  readonly seconds: number;
  /** The most memory that the process ever held (VmHWM), in bytes; null where the system does not tell. */
  readonly peakBytes: number | null;
}

const sampleEveryMs = 20;

/** Runs a program to its end. @throws Error with what it said, where it does not end with 0 */
export async function measure(program: Program): Promise<Measurement> {
  const streams = openStreams(program);
  const started = performance.now();
  const child = spawn(program.command, program.args, {
    stdio: [streams.stdin, streams.stdout, 'pipe'],
    env: { ...process.env, ...program.env },
  });
  const ended = Promise.withResolvers<number | null>();
  child.once('error', ended.reject);
  child.once('close', ended.resolve);
  try {
    const complaint = readAll(child.stderr ?? []);
    const watch = new AbortController();
    const peak = watchPeak(child.pid, watch.signal);
    const code = await ended.promise.finally(() => watch.abort());
    const seconds = (performance.now() - started) / 1000;
    if (code !== 0) throw new Error(`${nameOf(program)} ended with ${code}\n${await complaint}`);
    return { seconds, peakBytes: await peak };
  } finally {
    streams.close();
  }
}

/** Runs ours and theirs in turn and keeps the median of each, so that a slow spell hits both. */
export async function sideBySide(
  repeats: number,
  ours: () => Promise<Measurement>,
  theirs: () => Promise<Measurement>,
): Promise<{ readonly ours: Measurement; readonly theirs: Measurement }> {
  const found: { ours: Measurement[]; theirs: Measurement[] } = { ours: [], theirs: [] };
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    found.ours.push(await ours());
    found.theirs.push(await theirs());
  }
  return { ours: median(found.ours), theirs: median(found.theirs) };
}

/** The median time, and the highest peak of all. */
export function median(measurements: readonly Measurement[]): Measurement {
  const seconds = measurements.map((one) => one.seconds).sort((a, b) => a - b);
  const peaks = measurements.flatMap((one) => (one.peakBytes === null ? [] : [one.peakBytes]));
  return {
    seconds: seconds[Math.floor(seconds.length / 2)] ?? Number.NaN,
    peakBytes: peaks.length === 0 ? null : Math.max(...peaks),
  };
}

function nameOf(program: Program): string {
  return [program.command, ...program.args].join(' ').slice(0, 200);
}

function openStreams(program: Program) {
  const stdin = program.stdin === undefined ? ('ignore' as const) : openSync(program.stdin, 'r');
  const stdout = program.stdout === undefined ? ('ignore' as const) : openSync(program.stdout, 'w');
  const close = (): void => {
    for (const stream of [stdin, stdout]) if (stream !== 'ignore') closeSync(stream);
  };
  return { stdin, stdout, close };
}

async function readAll(stream: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString().slice(-4000);
}

/** VmHWM only grows, so the last look before the end misses at most what was added within one interval. */
async function watchPeak(pid: number | undefined, signal: AbortSignal): Promise<number | null> {
  let peak: number | null = null;
  while (!signal.aborted) {
    peak = readPeak(pid) ?? peak;
    await wait(sampleEveryMs, undefined, { signal }).catch(() => {});
  }
  return peak;
}

/** The highest resident size of a running process so far, in bytes. */
function readPeak(pid: number | undefined): number | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    return kib === undefined ? null : Number(kib) * 1024;
  } catch {
    return null;
  }
}
