import { expect, test } from 'vitest';
import { syntheticNote } from '../../src/cli/synthetic-note.ts';

const pipeline = { provider: { type: 'openai' } };

test('a file that names the emulator', () => {
  const note = syntheticNote('p.yaml', 'public.tags', { isRedirected: false, pipeline }, [
    'batch.max_attempts=1',
  ]);
  expect(note).toContain('take `base_url: emulator` out of p.yaml');
  expect(note).toContain('with --full-refresh, since the made-up answers now stand in public.tags');
});

test('a trial by --set, which leaves the file and its target as they are', () => {
  const set = ['provider.base_url=emulator', 'sink.table=public.trial'];
  const note = syntheticNote('p.yaml', 'public.trial', { isRedirected: true, pipeline }, set);
  expect(note).toContain('leave `--set provider.base_url=emulator` out');
  expect(note).toContain('stand in public.trial, which you can drop');
  expect(note).not.toContain('p.yaml');
  expect(note).not.toContain('--full-refresh');
});

function at(type: string) {
  return { isRedirected: false, pipeline: { provider: { type } } };
}

test('the key of the provider that is named', () => {
  expect(syntheticNote('p.yaml', 'out.csv', at('openai'), [])).toContain('your key into OPENAI_API_KEY,');
  expect(syntheticNote('p.yaml', 'out.csv', at('anthropic'), [])).toContain(
    'your key into ANTHROPIC_API_KEY,',
  );
});
