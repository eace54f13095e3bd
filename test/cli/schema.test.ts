import { Ajv } from 'ajv';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { broken, sound } from '../config/check-file.ts';
import { runCli } from './run-cli.ts';

test('pipeline schema prints the committed JSON Schema', async () => {
  const { code, stdout, stderr } = await runCli(['schema']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toBe(await readFile('schema/pipeline.schema.json', 'utf8'));
});

test('an editor that follows it accepts what is sound and marks what is not', async () => {
  const { stdout } = await runCli(['schema']);
  const accepts = new Ajv({ strict: false }).compile(JSON.parse(stdout) as object);
  expect(accepts(parse(sound))).toBe(true);
  expect(accepts(parse(broken('name: tags', 'nmae: a')))).toBe(false);
  expect(accepts(parse(broken('endpoint: chat', 'endpoint: chatt')))).toBe(false);
  expect(accepts(parse(broken('type: postgres', 'type: postgress')))).toBe(false);
  expect(accepts(withTrial('{ sink: { table: x }, source: { where: a } }'))).toBe(true);
  expect(accepts(withTrial('{ snik: { table: x } }'))).toBe(false);
});

function withTrial(target: string): unknown {
  return parse(`${sound}targets: { trial: ${target} }`);
}
