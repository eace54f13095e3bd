/**
 * Kills each command at each boundary that it crosses, which takes a while:
 *
 *     npm run test:recovery [-- -t SCENE]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
const child = spawn(
  process.execPath,
  [vitest, 'run', '--project', 'deep', 'test/recovery', ...process.argv.slice(2)],
  {
    cwd: root,
    env: { ...process.env, BATCHLINE_BOUNDARIES: 'all' },
    stdio: 'inherit',
  },
);
const [code] = (await once(child, 'exit')) as [number | null];
process.exitCode = code ?? 1;
