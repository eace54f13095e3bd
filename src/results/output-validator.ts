import type { ErrorObject, ValidateFunction } from 'ajv';
import { BatchlineError, errorMessage } from '../core/errors.ts';
import { asText } from '../core/json.ts';

/** Says what is wrong with a parsed answer; undefined where it fits the schema. */
export type OutputValidator = (answer: unknown) => string | undefined;

/**
 * Compiles the schema that answers must fit: JSON Schema draft-07, or the draft that its `$schema` names.
 *
 * @throws BatchlineError `invalid_schema`
 */
export async function createOutputValidator(
  schema: Readonly<Record<string, unknown>>,
): Promise<OutputValidator> {
  const validate = await compile(schema);
  return (answer) => (validate(answer) ? undefined : describe(validate.errors ?? []));
}

async function compile(schema: Readonly<Record<string, unknown>>): Promise<ValidateFunction> {
  const [{ Ajv }, { default: formats }] = await Promise.all([draftOf(schema), import('ajv-formats')]);
  // Models are taught by descriptions and unknown keywords too, so those are no fault of a schema.
  const ajv = new Ajv({ strict: false, allowUnionTypes: true, logger: false });
  formats.default(ajv);
  try {
    return ajv.compile(schema);
  } catch (error) {
    throw new BatchlineError('invalid_schema', `request.output.schema: ${errorMessage(error)}`, {
      where: 'request.output.schema',
      cause: error,
    });
  }
}

function draftOf(schema: Readonly<Record<string, unknown>>) {
  const draft = asText(schema['$schema']) ?? '';
  if (draft.includes('2020-12')) return import('ajv/dist/2020.js').then(({ Ajv2020 }) => ({ Ajv: Ajv2020 }));
  if (draft.includes('2019-09')) return import('ajv/dist/2019.js').then(({ Ajv2019 }) => ({ Ajv: Ajv2019 }));
  return import('ajv').then(({ Ajv }) => ({ Ajv }));
}

/** Keys and allowed values may be of any length; a message is one line of a list, and part of a question. */
const longestMessage = 240;

function describe(errors: readonly ErrorObject[]): string {
  // Of the branches of a choice, the one that got furthest was surely meant.
  const [error] = errors.toSorted((a, b) => depth(b) - depth(a));
  if (error === undefined) return 'the answer does not fit the schema';
  const where = error.instancePath === '' ? 'the answer' : error.instancePath;
  const message = `${where} ${error.message ?? `fails "${error.keyword}"`}${detail(error)}`;
  return message.length > longestMessage ? `${message.slice(0, longestMessage).toWellFormed()}...` : message;
}

function depth({ instancePath }: ErrorObject): number {
  return instancePath.split('/').length;
}

function detail({ keyword, params }: ErrorObject): string {
  if (keyword === 'enum') return `: ${JSON.stringify((params as { allowedValues: unknown }).allowedValues)}`;
  if (keyword === 'additionalProperties')
    return `, such as "${(params as { additionalProperty: string }).additionalProperty}"`;
  return '';
}
