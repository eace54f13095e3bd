import { spawn } from 'node:child_process';
import { errorMessage } from '../../src/core/errors.ts';
import { gateways, installed } from './gateways.ts';

/** `npm run test:gateways`: installs the gateways that can be reached, runs the product through each, and says which. */
const env: Record<string, string> = {};
const outcomes: string[] = [];
for (const gateway of gateways) {
  process.stdout.write(`${gateway.name}: installing\n`);
  try {
    env[gateway.variable] = await installed(gateway);
    outcomes.push(`${gateway.name}: ran`);
  } catch (error) {
    const [first = ''] = errorMessage(error).trim().split('\n');
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    outcomes.push(
      `${gateway.name}: SKIPPED, it cannot be installed here: ${first} ${stderr.slice(-300)}`.trim(),
    );
  }
}

const child = spawn('vitest', ['run', '--project', 'gateways', ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, ...env },
});
const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
process.stdout.write(`${outcomes.join('\n')}\n`);
process.exitCode = code ?? 1;
