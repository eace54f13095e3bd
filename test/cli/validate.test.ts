import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { broken, sound } from '../config/check-file.ts';
import { temporaryFolder } from '../config/temporary-folder.ts';
import { runCli } from './run-cli.ts';

describe('pipeline validate', () => {
  test('says ok', async () => {
    await using folder = await temporaryFolder({ 'p.yaml': sound });
    const result = await runCli(['validate', 'p.yaml'], { cwd: folder.path });
    expect(result).toEqual({ code: 0, stdout: 'p.yaml: ok\n', stderr: '' });
  });

  test('judges every file, and ends with 2 where one is wrong', async () => {
    await using folder = await temporaryFolder({
      'bad.yaml': broken('name: tags', 'nmae: a\nmode: x'),
      'good.yaml': sound,
    });
    const { code, stdout, stderr } = await runCli(['validate', 'none.yaml', 'bad.yaml', 'good.yaml'], {
      cwd: folder.path,
    });
    expect(code).toBe(2);
    expect(stdout).toBe('good.yaml: ok\n');
    expect(stderr.split('\n')).toEqual([
      'error: cannot read the pipeline file: there is no such file (none.yaml)',
      'hint: Name a YAML file that describes a pipeline.',
      'bad.yaml:1:1  nmae  unknown key  (did you mean name?)',
      'bad.yaml:2:7  mode  must be batch',
      '',
    ]);
  });

  test('prints warnings beside ok', async () => {
    await using folder = await temporaryFolder({
      'p.yaml': broken('{{ subject }}', "{{ 'now' | date: '%Y' }}"),
    });
    const { code, stdout, stderr } = await runCli(['validate', 'p.yaml'], { cwd: folder.path });
    expect(code).toBe(0);
    expect(stdout).toBe('p.yaml: ok\n');
    expect(stderr).toMatch(/^warning: p\.yaml:10:11 {2}request\.prompt {2}/);
  });

  test('takes --set and --env-file', async () => {
    await using folder = await temporaryFolder({
      'p.yaml': broken('gpt-4o-mini', '${MODEL}'),
      'my.env': 'MODEL=x\n',
    });
    const sound = await runCli(['validate', 'p.yaml', '--env-file', join(folder.path, 'my.env')]);
    expect(sound.code).toBe(2);
    const { code } = await runCli(['validate', 'p.yaml', '--env-file', 'my.env'], { cwd: folder.path });
    expect(code).toBe(0);
    const set = ['--set', 'batch.max_requests=0', '--set', 'request.model=y'];
    const { stderr } = await runCli(['validate', 'p.yaml', ...set], {
      cwd: folder.path,
      env: { MODEL: 'x' },
    });
    expect(stderr).toBe('--set batch.max_requests  batch.max_requests  must be more than 0\n');
  });

  test('shows no secret', async () => {
    const url = 'postgres://me:${PW}@db.example/shop';
    const source = broken('url: embedded', `url: ${url}`).replace('table: tickets', 'table: [hunter22]');
    await using folder = await temporaryFolder({ 'p.yaml': `${source}hunter22: 1\n` });
    const { code, stdout, stderr } = await runCli(['validate', 'p.yaml'], {
      cwd: folder.path,
      env: { PW: 'hunter22' },
    });
    expect(code).toBe(2);
    expect(stderr).toContain('unknown key');
    expect(stdout + stderr).not.toContain('hunter22');
  });
});
