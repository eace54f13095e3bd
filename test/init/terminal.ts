import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Whether this machine can make a terminal for a command. */
export function canMakeTerminal(): boolean {
  return spawnSync('script', ['-qec', 'test -t 0', '/dev/null']).status === 0;
}

export const enter = '\r';
export const down = '\u001b[B';

export interface Told {
  readonly code: number | null;
  /** Everything that was shown, without what moves the cursor and colours. */
  readonly screen: string;
}

/**
 * Runs the command line in a terminal and answers its questions: each answer is typed once its question is shown.
 *
 * @param dialog pairs of a question and what is typed
 */
export async function converse(
  args: readonly string[],
  dialog: readonly (readonly [string, string])[],
  { cwd, env }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Told> {
  const command = [process.execPath, main, ...args].map((word) => `'${word}'`).join(' ');
  const sized = `stty rows 40 cols 120; exec ${command}`;
  const child = spawn('script', ['-qec', sized, '/dev/null'], {
    cwd,
    env: { PATH: process.env['PATH'], TERM: 'xterm', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let screen = '';
  let from = 0;
  const waiting = [...dialog];
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    screen += text.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '');
    const [next] = waiting;
    if (next === undefined) return;
    const at = screen.indexOf(next[0], from);
    if (at === -1) return;
    from = at + next[0].length;
    waiting.shift();
    // Once what is typed is shown, the field has it, and the next key is a key of its own.
    for (const key of keysOf(next[1])) child.stdin.write(key);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, screen };
}

/** A text is one key press after another, and so is an arrow. */
function keysOf(text: string): readonly string[] {
  return text.split(/(\u001b\[[A-D]|\r)/).filter((part) => part !== '');
}
