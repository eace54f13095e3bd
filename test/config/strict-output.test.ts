import { describe, expect, test } from 'vitest';
import { broken, checkFile } from './check-file.ts';

/** A pipeline whose output schema is this YAML, which begins in column 7 of line 13. */
function withSchema(schema: string, params = ''): string {
  const indented = schema.replaceAll(/^(?=.)/gm, '      ');
  return broken(
    '  prompt: "{{ subject }}"\n',
    `  prompt: "{{ x }}"\n  output:\n    schema:\n${indented}\n${params}`,
  );
}

const closed = `type: object
properties:
  tag: { type: string, enum: [a, b] }
  note: { type: [string, "null"], format: date-time }
  parts:
    type: array
    maxItems: 3
    items: { $ref: "#/$defs/part" }
required: [tag, note, parts]
additionalProperties: false
$defs:
  part:
    anyOf:
      - { type: number, minimum: 0 }
      - { type: object, properties: { again: { $ref: "#" } }, required: [again], additionalProperties: false }
`;

test('a schema that strict mode takes has no faults', () => {
  expect(checkFile(withSchema(closed)).lines).toEqual([]);
});

/** What is replaced in the closed schema, by what, and the one line that must come of it. */
const faults: readonly (readonly [string, string, string])[] = [
  ['type: object\nprop', 'type: array\nprop', 'p.yaml:13:13  request.output.schema.type  must be `object`'],
  ['type: object\nprop', 'prop', 'p.yaml:13:7  request.output.schema.type  must be `object`'],
  [
    '$defs:\n  p',
    'anyOf: []\n$defs:\n  p',
    'p.yaml:23:7  request.output.schema.anyOf  cannot stand at the top',
  ],
  [
    'additionalProperties: false\n',
    '',
    'p.yaml:13:7  request.output.schema.additionalProperties  is required and must be false',
  ],
  [
    'additionalProperties: false\n',
    'additionalProperties: true\n',
    'p.yaml:22:29  request.output.schema.additionalProperties  is required and must be false',
  ],
  [
    'required: [again], ',
    '',
    'p.yaml:27:45  request.output.schema."$defs".part.anyOf.1.properties.again  must stand in `required`',
  ],
  [
    'required: [tag, note, parts]',
    'required: [tag, parts]',
    'p.yaml:16:9  request.output.schema.properties.note  must stand in `required` for strict structured output; where it may be missing, let it be null: type: [string, "null"]',
  ],
  [
    'items: { $ref: "#/$defs/part" }',
    'minItems: 0',
    'p.yaml:18:11  request.output.schema.properties.parts.items  is required for strict structured output',
  ],
  [
    'type: number, minimum: 0',
    'minimum: 0',
    'p.yaml:26:15  request.output.schema."$defs".part.anyOf.0  needs a `type` for strict structured output',
  ],
  [
    'maxItems: 3',
    'uniqueItems: true',
    'p.yaml:19:11  request.output.schema.properties.parts.uniqueItems  is refused by strict structured output; say it in the description',
  ],
  [
    'anyOf:\n      -',
    'oneOf:\n      -',
    'p.yaml:25:11  request.output.schema."$defs".part.oneOf  is refused by strict structured output; use `anyOf`',
  ],
  [
    '{ type: string,',
    '{ type: strng,',
    'p.yaml:15:22  request.output.schema.properties.tag.type  there is no type strng',
  ],
  [
    'format: date-time',
    'format: datetime',
    'p.yaml:16:49  request.output.schema.properties.note.format  datetime is refused by strict structured output, which knows date-time, time, date, duration, email, hostname, ipv4, ipv6, uuid  (did you mean date-time?)',
  ],
  [
    '#/$defs/part',
    'https://example.com/part',
    'p.yaml:20:26  request.output.schema.properties.parts.items."$ref"  must point into the schema itself',
  ],
];

describe('one fault, at its place', () => {
  test.each(faults)('%j -> %j', (piece, replacement, expected) => {
    expect(closed).toContain(piece);
    const { lines } = checkFile(withSchema(closed.replace(piece, () => replacement)));
    expect(lines).toEqual([expect.stringContaining(expected)]);
  });
});

test('what is too much is said with the limit', () => {
  let nested: object = { type: 'string' };
  for (let level = 0; level < 11; level += 1)
    nested = { type: 'object', properties: { a: nested }, required: ['a'], additionalProperties: false };
  const wide = {
    type: 'object',
    properties: { a: { enum: Array.from({ length: 1001 }, (_, index) => `value ${index}`) } },
    required: ['a'],
    additionalProperties: false,
  };
  expect(checkFile(withSchema(`{ a: 1, ${JSON.stringify(nested).slice(1)}`)).lines).toEqual([
    expect.stringMatching(
      /^p\.yaml:13:\d+ {2}request\.output\.schema(\.properties\.a){10} {2}is object 11 levels/,
    ),
  ]);
  expect(checkFile(withSchema(JSON.stringify(wide))).lines).toEqual([
    'p.yaml:13:7  request.output.schema  has 1001 enum values; strict structured output takes 1000',
  ]);
});

test.each([
  ['chat', '  params: { response_format: { type: json_object } }\n'],
  ['responses', '  params: { text: { format: { type: json_object } } }\n'],
])('a schema that is not sent to %s is not held to strict mode', (endpoint, params) => {
  const open = withSchema('type: object\ndefault: {}', params);
  expect(checkFile(open.replace('endpoint: chat', `endpoint: ${endpoint}`)).lines).toEqual([]);
});
