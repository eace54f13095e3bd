import { execFile } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { PipelineProject } from '../support/pipeline-process.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** What bash offers for the last of the words. */
async function offered(project: PipelineProject, ...words: readonly string[]): Promise<readonly string[]> {
  const program = project.path('pipeline');
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`);
  await chmod(program, 0o755);
  const list = words.map((word) => `'${word}'`).join(' ');
  const script = `eval "$(pipeline completion bash)"; complete -p pipeline >/dev/null || exit 1
    COMP_WORDS=(pipeline ${list}); COMP_CWORD=${words.length}; _pipeline; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = { ...process.env, PATH: `${project.folder}:${process.env['PATH']}` };
  const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script], { cwd: project.folder, env });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

test('bash completes commands, flags, their values, pipeline files and runs', async () => {
  await using project = await PipelineProject.create();
  await project.cli('init', '--template', 'quickstart');
  const run = await project.cli('run', 'quickstart.yaml', '--json');
  const { run_id: runId } = JSON.parse(run.stdout) as { run_id: string };
  expect(await offered(project, 'ru')).toEqual(['run', 'runs']);
  expect(await offered(project, 'run', '--lim')).toEqual(['--limit']);
  expect(await offered(project, 'run', 'x.yaml', '--mode', '')).toEqual(['batch', 'standard', 'auto']);
  expect(await offered(project, 'run', 'quick')).toEqual(['quickstart.yaml']);
  expect(await offered(project, 'status', '2')).toEqual([runId]);
  expect(await offered(project, 'no-such-command', '')).toEqual([]);
});

test('each shell has a script, and no other has', async () => {
  await using project = await PipelineProject.create();
  for (const shell of ['bash', 'zsh', 'fish'])
    expect(await project.cli('completion', shell)).toMatchObject({ code: 0, stderr: '' });
  expect(await project.cli('completion', 'tcsh')).toMatchObject({ code: 2 });
});
