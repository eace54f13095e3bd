import { BatchlineError } from '../core/errors.ts';
import { knownProviders } from './providers.ts';
import { purposeNames, purposes } from './purposes.ts';
import type { Questions } from './questions.ts';

const other = 'other';

function requireText(value: string | undefined): string | undefined {
  return (value ?? '').trim() === '' ? 'Type something, or press Ctrl-C.' : undefined;
}

/** Asks on the terminal. */
export async function openQuestions(): Promise<Questions> {
  const prompts = await import('@clack/prompts');
  const answered = async <T>(answer: Promise<T>): Promise<Exclude<T, symbol>> => {
    const value = await answer;
    if (prompts.isCancel(value))
      throw new BatchlineError('interrupted', 'Stopped; nothing was written.', { exitCode: 130 });
    return value as Exclude<T, symbol>;
  };
  const text = async (message: string, placeholder: string): Promise<string> => {
    return (await answered(prompts.text({ message, placeholder, validate: requireText }))).trim();
  };
  const choose = (message: string, options: { value: string; label: string; hint?: string }[]) =>
    answered(prompts.select({ message, options, maxItems: 12 }));
  const chooseSome = (message: string, names: readonly string[], initial: readonly string[]) =>
    answered(
      prompts.multiselect({
        message: `${message} (space chooses, enter goes on)`,
        options: names.map((value) => ({ value, label: value })),
        initialValues: [...initial],
        maxItems: 12,
        required: true,
      }),
    );
  return {
    async purpose() {
      const options = purposeNames.map((value) => ({ value, label: purposes[value].label }));
      return answered(prompts.select({ message: 'What is the model to give for each row?', options }));
    },
    instruction: () => text('What is it to do with each row?', 'Say in one word how the customer feels.'),
    source: () =>
      text(
        "Where are the rows? A database's URL, a variable that holds it, or a file",
        'postgres://user:password@host/database, DATABASE_URL, tickets.csv',
      ),
    async table(known) {
      if (known.length === 0 || known.length > 500) return text('Which table?', 'public.tickets');
      return choose(
        'Which table?',
        known.map((value) => ({ value, label: value })),
      );
    },
    async key(found) {
      const names = found.columns.map(({ name }) => name);
      const initial = found.key ?? [];
      return chooseSome('Which column names a row?', [...new Set([...initial, ...names])], initial);
    },
    columns: (found, proposed) =>
      chooseSome(
        'Which columns is the model to read?',
        found.columns.map(({ name }) => name),
        proposed,
      ),
    async sink(found) {
      const beside = found.schema === undefined ? 'A file beside the rows' : 'A table in the same database';
      const chosen = await choose('Where do the answers go?', [
        { value: 'beside', label: beside },
        { value: other, label: 'Somewhere else' },
      ]);
      if (chosen === 'beside') return undefined;
      return text("A database's URL, a variable that holds it, or a file", 'answers.csv');
    },
    async provider(purpose) {
      const { endpoint } = purposes[purpose];
      const known = Object.entries(knownProviders).filter(([, each]) => each[endpoint] !== undefined);
      const chosen = await choose('Who answers?', [
        ...known.map(([value, { label, keyVariable }]) => ({ value, label, hint: `reads ${keyVariable}` })),
        { value: 'emulator', label: 'The emulator', hint: 'made-up answers, for free, to try it out' },
        { value: other, label: "Another server that speaks OpenAI's protocol" },
      ]);
      return chosen === other ? text('Its address', 'https://llm.example.com/v1') : chosen;
    },
    model: (server) => text(`Which model of ${server}?`, 'llama-3.3-70b'),
    keepsValues: (names) =>
      answered(prompts.confirm({ message: `Write ${names.join(', ')} into .env, which only you can read?` })),
  };
}
