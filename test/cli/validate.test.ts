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
      'bad.yaml:2:7  mode  must be one of batch, standard, auto',
      '',
    ]);
  });

  test('prints warnings beside ok', async () => {
    await using folder = await temporaryFolder({
      'p.yaml': broken('{{ subject }}', "{{ 'now' | date: '%Y' }} {{ subject }}"),
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

  test('lists every fault at once: names that the source of a file has not, functions, the schema', async () => {
    await using folder = await temporaryFolder({
      'tickets.csv': 'id;subject;body\n1;a;b\n',
      'p.yaml': `source: { type: csv, path: tickets.csv, delimiter: ";", key: id }
transforms:
  - { type: filter, where: 'len(body) > 0 && statu != ""' }
  - { type: template, field: title, template: '{{ subjct }}' }
  - { type: truncate, field: bdy, max_tokens: 50 }
request:
  endpoint: chat
  model: gpt-4o-mini
  prompt: |
    {{ titel }}
    {{ body }}
sink: { type: jsonl, path: out.jsonl, colums: {}, columns: { a: row.boddy } }
`,
    });
    const { code, stderr } = await runCli(['validate', 'p.yaml'], { cwd: folder.path });
    expect(code).toBe(2);
    expect(stderr.trim().split('\n')).toEqual([
      'p.yaml:3:29  transforms.0.where  there is no function len  (did you mean size?)',
      'p.yaml:4:51  transforms.1.template  "subjct" is no field of the row  (did you mean subject?)',
      'p.yaml:5:5  transforms.2  the truncate transform names "bdy", which is no field of the row. Did you mean "body"?',
      'p.yaml:10:8  request.prompt  "titel" is no field of the row  (did you mean title?)',
      'p.yaml:12:39  sink.colums  unknown key  (did you mean columns?)',
      expect.stringContaining('  sink.columns.a  the source has no "boddy"'),
    ]);
  });

  test('follows the fields through the transforms', async () => {
    await using folder = await temporaryFolder({
      'tickets.csv': 'id,subject,body\n1,a,b\n',
      'p.yaml': `source: { type: csv, path: tickets.csv, key: id }
transforms:
  - { type: rename, fields: { body: text } }
  - { type: split, field: text, max_tokens: 50 }
request:
  endpoint: chat
  model: gpt-4o-mini
  system: '{{ body }}'
  prompt: |
    {{ text }} {{ chunk_index }}
    now {{ subjct }}
sink: { type: jsonl, path: out.jsonl, columns: { a: row.body, b: key.chunk_index, c: row.text } }
`,
    });
    const { stderr } = await runCli(['validate', 'p.yaml'], { cwd: folder.path });
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^p\.yaml:8:15 {2}request\.system {2}"body" is no field of the row/),
      'p.yaml:11:12  request.prompt  "subjct" is no field of the row  (did you mean subject?)',
      expect.stringMatching(/^p\.yaml:12:53 {2}sink\.columns\.a {2}the source has no "body"/),
    ]);
  });

  test('says nothing of names that only a network, or code, would tell', async () => {
    await using folder = await temporaryFolder({
      'a.csv': 'id,body\n1,b\n',
      'later.yaml': broken(
        'type: postgres\n  url: embedded\n  table: tickets',
        'type: csv\n  path: later.csv',
      ),
      'module.yaml': `${broken('type: postgres\n  url: embedded\n  table: tickets', 'type: csv\n  path: a.csv')}transforms: [{ type: module, path: nowhere.js }]\n`,
      'listed.yaml': broken('table: tickets', 'table: tickets\n  columns: [body]'),
    });
    const run = (file: string) => runCli(['validate', file], { cwd: folder.path });
    expect((await run('later.yaml')).stderr).toBe('');
    expect((await run('module.yaml')).stderr).toBe('');
    expect((await run('listed.yaml')).stderr).toMatch(/request\.prompt {2}"subject" is no field of the row/);
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
