import { caseJsonSchema } from '../config/case-schema.ts';
import { pipelineJsonSchema } from '../config/json-schema.ts';
import type { Main } from './context.ts';

/** `pipeline schema`: the JSON Schema of pipeline files, or of their test files. */
export const main: Main = async (_args, options, context) => {
  const schema = options['test'] === true ? caseJsonSchema() : pipelineJsonSchema();
  context.print(JSON.stringify(schema, null, 2));
  return 0;
};
