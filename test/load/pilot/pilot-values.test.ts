import { expect, it } from 'vitest';
import { forgetPilotValues, PilotValues, readPilotValues } from '../../../src/load/pilot/pilot-values.ts';
import { temporaryFolder } from '../../batch/temporary-folder.ts';

it('gives back what it was given, whole numbers as such', async () => {
  await using folder = await temporaryFolder();
  const row = {
    chunk: 1,
    line: 4,
    key: ['a'],
    values: { n: 12345678901234567890n, small: 3n, half: 0.5, text: 'x\n', none: null, list: [1, 'b'] },
  };
  await using values = await PilotValues.create(folder.path, '1');
  values.push(row);
  await values.finish();
  const { signal } = new AbortController();
  expect(await Array.fromAsync(readPilotValues(folder.path, signal))).toEqual([row]);
  await forgetPilotValues(folder.path);
  expect(await Array.fromAsync(readPilotValues(folder.path, signal))).toEqual([]);
});
