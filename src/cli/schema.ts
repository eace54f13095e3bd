import { pipelineJsonSchema } from '../config/json-schema.ts';
import type { CommandContext } from './context.ts';

/** `pipeline schema`: the JSON Schema of pipeline files. */
export async function main(
  _args: string[],
  _options: Record<string, unknown>,
  context: CommandContext,
): Promise<number> {
  context.print(JSON.stringify(pipelineJsonSchema(), null, 2));
  return 0;
}
