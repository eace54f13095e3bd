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
      delete jsonSchema['wholeUrl'];
      delete jsonSchema['language'];
    },
  });
  return { title: 'batchline pipeline', ...withTargets(schema) };
}

type JsonSchema = z.core.JSONSchema.JSONSchema;

/** A target may hold any key of the file, and needs none of them. */
function withTargets(schema: JsonSchema): JsonSchema {
  const { targets, ...others } = schema.properties as Record<string, JsonSchema>;
  const target = optional({ type: 'object', properties: others, additionalProperties: false });
  return {
    ...schema,
    properties: { ...others, targets: { ...targets, additionalProperties: target } },
  };
}

/** The schema without what must be there; since a block's `type` may stand in the file alone, any of its forms will do. */
function optional(schema: unknown): JsonSchema {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) => {
      if (key === 'required' && Array.isArray(value)) return undefined;
      if (typeof value !== 'object' || value === null || !('oneOf' in value)) return value;
      const { oneOf, ...rest } = value;
      return { ...rest, anyOf: oneOf };
    }),
  ) as JsonSchema;
}
