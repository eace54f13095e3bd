import { z } from 'zod';
import { fieldIndex } from '../core/row-batch.ts';
import { defineTransform } from '../core/transform.ts';
import type { Field } from '../core/value.ts';
import { knownField } from './known-field.ts';
import { applyModule } from './module/apply-module.ts';
import { loadModule } from './module/load-module.ts';
import type { MadeField } from './module/read-answer.ts';
import { moduleKinds, moduleSqlTypes } from './module/typed-value.ts';

export const module = defineTransform({
  name: 'module',
  summary: 'Calls a function of yours, in a JavaScript or TypeScript file, for each row.',
  config: z.object({
    path: z.string().min(1).meta({
      description:
        'The file, an ES module: its default export takes a row and returns fields with their new values, or null to drop the row. Types are stripped, not checked.',
    }),
    fields: z.record(z.string().min(1), z.enum(moduleKinds)).default({}).meta({
      description: 'The fields that it makes or replaces, each with its type.',
    }),
    reads: z.array(z.string().min(1)).optional().meta({
      description: 'The fields that it is given. Default: all, so that all are read from the source.',
    }),
  }),
  examples: [
    { path: 'language.ts', fields: { language: 'text', score: 'float' } },
    { path: 'transforms/redact.js', fields: { body: 'text' }, reads: ['body'] },
  ],

  async open({ path, fields: declared, reads }, incoming, { baseDir }) {
    const given = reads?.map((name) => (incoming[knownField('module', name, incoming)] as Field).name);
    const made = Object.entries(declared).map(([name, kind]): MadeField => ({
      name,
      kind,
      sqlType: moduleSqlTypes[kind],
    }));
    const isNew = (name: string) => fieldIndex(incoming, name) === -1;
    const fields = [
      ...incoming.map((field) => made.find(({ name }) => name === field.name) ?? field),
      ...made.filter(({ name }) => isNew(name)),
    ];
    const names = given ?? incoming.map(({ name }) => name);
    const loaded = await loadModule(path, baseDir);
    return {
      fields,
      needs: (wanted) =>
        new Set([...names, ...[...wanted].filter((name) => !(Object.hasOwn(declared, name) && isNew(name)))]),
      fingerprint: { [path]: loaded.hash },
      apply: (batch, signal) => applyModule(batch, { loaded, given: names, made, fields }, signal),
    };
  },
});
