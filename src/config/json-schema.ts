import { z } from 'zod';
import { pipelineSchema } from './pipeline.ts';

/** The JSON Schema (draft 7, which editors know best) of a pipeline file as it is written. */
export function pipelineJsonSchema(): object {
  const schema = z.toJSONSchema(pipelineSchema, {
    io: 'input',
    target: 'draft-07',
    // Notes to ourselves, which mean nothing to an editor.
    override: ({ jsonSchema }) => {
      delete jsonSchema['secret'];
      delete jsonSchema['language'];
    },
  });
  return { title: 'batchline pipeline', ...schema };
}
