import { pipelineJsonSchema } from '../config/json-schema.ts';
import type { Main } from './context.ts';

/** `pipeline schema`: the JSON Schema of pipeline files. */
export const main: Main = async (_args, _options, context) => {
  context.print(JSON.stringify(pipelineJsonSchema(), null, 2));
  return 0;
};
