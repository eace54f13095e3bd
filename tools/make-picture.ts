/**
 * The picture of the README: a run of the quickstart in a terminal, recorded by util-linux's `script` and drawn as an
 * SVG that moves. `node tools/make-picture.ts` writes it anew.
 */
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { TerminalScreen, type Run } from './terminal-screen.ts';

const columns = 108;
const command = 'pipeline run pipelines/quickstart.yaml';
const root = join(import.meta.dirname, '..');
const picture = join(root, 'docs/images/quickstart.svg');

const cellWidth = 8.4;
const lineHeight = 18;
const margin = 14;
/** Shown at least and at most so long, in seconds; the last frame stays longer. */
const shortest = 0.15;
const longest = 0.9;
const lastStays = 6;

interface Frame {
  readonly lines: readonly (readonly Run[])[];
  readonly seconds: number;
}

interface Recording {
  readonly text: Buffer;
  /** `seconds since the last bytes`. */
  readonly pieces: readonly { readonly delay: number; readonly bytes: number }[];
}

const folder = await mkdtemp(join(tmpdir(), 'batchline-picture-'));
try {
  const frames = framesOf(await record(folder), folder);
  await mkdir(join(root, 'docs/images'), { recursive: true });
  await writeFile(picture, draw(frames));
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function record(cwd: string): Promise<Recording> {
  await cp(join(root, 'pipelines'), join(cwd, 'pipelines'), {
    recursive: true,
    filter: (path) => basename(path) !== '.pipeline',
  });
  const typed = `stty cols ${columns} rows 40; exec '${process.execPath}' '${join(root, 'src/cli/main.ts')}' ${command.replace('pipeline ', '')}`;
  const flags = [
    '--quiet',
    '--return',
    '--log-out',
    'out',
    '--log-timing',
    'times',
    '--logging-format',
    'classic',
  ];
  const { status } = spawnSync('script', [...flags, '--command', typed], {
    cwd,
    env: { ...process.env, TERM: 'xterm-256color' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`the run ended with ${status}`);
  const whole = await readFile(join(cwd, 'out'));
  const pieces = (await readFile(join(cwd, 'times'), 'utf8')).trim().split('\n');
  return {
    // Behind the line in which `script` says what it records.
    text: whole.subarray(whole.indexOf('\n') + 1),
    pieces: pieces.map((line) => {
      const [delay = 0, bytes = 0] = line.split(' ').map(Number);
      return { delay, bytes };
    }),
  };
}

function framesOf({ text, pieces }: Recording, cwd: string): readonly Frame[] {
  const shown: { readonly lines: Frame['lines']; readonly delay: number }[] = [];
  let at = 0;
  for (const { delay, bytes } of pieces) {
    at += bytes;
    const screen = new TerminalScreen(columns);
    screen.write(`$ npx ${command}\r\n`);
    screen.write(text.subarray(0, at).toString('utf8').replaceAll(cwd, '~/batchline'));
    shown.push({ lines: screen.runs(), delay });
  }
  return shown.map(({ lines }, index) => {
    const pause = shown[index + 1]?.delay ?? lastStays;
    return {
      lines,
      seconds: index + 1 === shown.length ? lastStays : Math.min(longest, Math.max(shortest, pause)),
    };
  });
}

function draw(frames: readonly Frame[]): string {
  const total = frames.reduce((sum, { seconds }) => sum + seconds, 0);
  const rows = Math.max(...frames.map(({ lines }) => lines.length));
  const width = Math.ceil(columns * cellWidth + 2 * margin);
  const height = rows * lineHeight + margin;
  let start = 0;
  const rules: string[] = [];
  const groups = frames.map(({ lines, seconds }, index) => {
    const [from, to] = [start, start + seconds].map((time) => ((time / total) * 100).toFixed(2));
    start += seconds;
    const isLast = index + 1 === frames.length;
    rules.push(
      `@keyframes f${index}{0%{opacity:0}${from}%{opacity:1}${isLast ? '' : `${to}%{opacity:0}`}100%{opacity:${isLast ? 1 : 0}}}`,
      `#f${index}{animation:f${index} ${total.toFixed(2)}s step-end infinite}`,
    );
    return `<g id="f${index}"${isLast ? '' : ' opacity="0"'}>${lines.map(drawLine).join('')}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="A run of the quickstart in a terminal">
<style>
text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#1f2328;white-space:pre}
rect{fill:#f6f8fa;stroke:#d1d9e0}
.bold{font-weight:600}.dim{fill:#59636e}.green{fill:#1a7f37}.yellow{fill:#9a6700}.red{fill:#d1242f}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}rect{fill:#0d1117;stroke:#3d444d}.dim{fill:#9198a1}.green{fill:#3fb950}.yellow{fill:#d29922}.red{fill:#f85149}}
${rules.join('\n')}
</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>
${groups.join('\n')}
</svg>
`;
}

function drawLine(runs: readonly Run[], row: number): string {
  const y = (row + 1) * lineHeight + 2;
  return runs.map((run) => drawRun(run, y)).join('');
}

/** Each run has its own place and length, so that columns stand under one another in every font. */
function drawRun({ column, text, style }: Run, y: number): string {
  if (text.trim() === '') return '';
  const x = (margin + column * cellWidth).toFixed(1);
  const length = (text.length * cellWidth).toFixed(1);
  const kind = style === 'plain' ? '' : ` class="${style}"`;
  return `<text x="${x}" y="${y}" textLength="${length}"${kind}>${escaped(text)}</text>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
