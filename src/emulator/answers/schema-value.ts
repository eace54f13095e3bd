import { isMap, type JsonMap } from '../../core/json.ts';
import type { Random } from '../random.ts';
import type { Prompt } from './prompt.ts';
import { integerWithin, numberWithin } from './schema-number.ts';
import { mergeSchemas, resolveReference, schemaHeight, schemaTypes } from './schema-shape.ts';
import { stringWithin } from './schema-string.ts';

/** From here on, optional parts are left out and the way that ends soonest is taken: schemas may be recursive. */
const modestDepth = 4;
/** Only a schema that no finite value fits goes deeper. */
const mostDepth = 40;
/** One nullable value in this many is null. */
const nullEvery = 8;
const usualItems = 3;

/**
 * A value that fits a JSON Schema, made of the prompt's words; equal prompts give equal values. Understands the
 * keywords of structured outputs, `allOf`, `oneOf` and tuples; others are passed over.
 */
export function schemaValue(schema: JsonMap, prompt: Prompt, random: Random): unknown {
  return new SchemaWriter(schema, prompt, random).write(schema, { depth: 0, name: '', index: null });
}

/** Where in the answer a value stands. */
interface Place {
  readonly depth: number;
  /** The property that it is, or is in. */
  readonly name: string;
  /** Its number, where it is an item of a list. */
  readonly index: number | null;
}

class SchemaWriter {
  readonly #root: JsonMap;
  readonly #prompt: Prompt;
  readonly #random: Random;
  #lowerSubject: string | undefined;

  constructor(root: JsonMap, prompt: Prompt, random: Random) {
    this.#root = root;
    this.#prompt = prompt;
    this.#random = random;
  }

  write(declared: unknown, place: Place): unknown {
    if (!isMap(declared) || place.depth > mostDepth)
      return declared === true ? this.#string({}, place) : null;
    const schema = resolveReference(declared, this.#root);
    if ('const' in schema) return schema['const'];
    if (Array.isArray(schema['enum'])) return this.#pick(schema['enum']);
    if (Array.isArray(schema['allOf'])) return this.write(mergeSchemas(schema, this.#root), place);
    const branches = schema['anyOf'] ?? schema['oneOf'];
    if (Array.isArray(branches)) return this.#branch(schema, branches, place);
    return this.#typed(schema, place);
  }

  #typed(schema: JsonMap, place: Place): unknown {
    const types = schemaTypes(schema);
    switch (this.#chooseType(types, place)) {
      case 'object':
        return this.#object(schema, place);
      case 'array':
        return this.#array(schema, place);
      case 'integer':
        return integerWithin(schema, this.#random);
      case 'number':
        return numberWithin(schema, this.#random);
      case 'boolean':
        return this.#random.below(2) === 1;
      case 'null':
        return null;
      case undefined:
      default:
        return this.#string(schema, place);
    }
  }

  #chooseType(types: readonly string[], place: Place): string | undefined {
    const others = types.filter((type) => type !== 'null');
    if (others.length === 0) return types[0];
    const isNullable = others.length < types.length;
    if (isNullable && (place.depth > modestDepth || this.#random.below(nullEvery) === 0)) return 'null';
    return others[this.#random.below(others.length)];
  }

  #branch(schema: JsonMap, branches: readonly unknown[], place: Place): unknown {
    const { anyOf: _any, oneOf: _one, ...rest } = schema;
    const choice = this.#chooseBranch(branches, place);
    return this.write(isMap(choice) ? mergeSchemas({ allOf: [rest, choice] }, this.#root) : rest, place);
  }

  #chooseBranch(branches: readonly unknown[], place: Place): unknown {
    if (place.depth > modestDepth) {
      const heights = branches.map((branch) => schemaHeight(branch, this.#root));
      return branches[heights.indexOf(Math.min(...heights))];
    }
    const others = branches.filter((branch) => !(isMap(branch) && branch['type'] === 'null'));
    const isNullable = others.length < branches.length;
    if (others.length === 0 || (isNullable && this.#random.below(nullEvery) === 0)) return { type: 'null' };
    return others[this.#random.below(others.length)];
  }

  #object(schema: JsonMap, place: Place): JsonMap {
    const properties = isMap(schema['properties']) ? schema['properties'] : {};
    const required = stringsIn(schema['required']);
    const names = place.depth > modestDepth ? required : [...Object.keys(properties), ...required];
    const extra = isMap(schema['additionalProperties']) ? schema['additionalProperties'] : true;
    // A plain assignment to `__proto__` would set the prototype.
    const entries = new Map<string, unknown>();
    const put = (name: string, child: unknown): void => {
      entries.set(name, this.write(child, { depth: place.depth + 1, name, index: null }));
    };
    for (const name of new Set(names)) put(name, Object.hasOwn(properties, name) ? properties[name] : extra);
    const fewest = integerOr(schema['minProperties'], 0);
    for (let more = 0; entries.size < fewest; more += 1) put(`extra_${more}`, extra);
    return Object.fromEntries(entries);
  }

  #array(schema: JsonMap, place: Place): unknown[] {
    const fixed = Array.isArray(schema['prefixItems']) ? schema['prefixItems'] : [];
    const fewest = integerOr(schema['minItems'], 0);
    const mayHaveMore = schema['items'] !== false;
    const usual =
      mayHaveMore && place.depth <= modestDepth ? Math.max(usualItems, fixed.length) : fixed.length;
    const modest = place.depth > modestDepth ? fewest : Math.max(usual, fewest);
    const count = Math.min(modest, integerOr(schema['maxItems'], Infinity));
    const itemAt = (index: number): unknown =>
      this.write(fixed[index] ?? schema['items'] ?? true, {
        depth: place.depth + 1,
        name: place.name,
        index,
      });
    return schema['uniqueItems'] === true
      ? distinct(count, itemAt)
      : Array.from({ length: count }, (_, index) => itemAt(index));
  }

  #string(schema: JsonMap, place: Place): string {
    return stringWithin(schema, { name: place.name, index: place.index, prompt: this.#prompt }, this.#random);
  }

  /** The member that the prompt speaks of; else any, but null only where there is nothing else. */
  #pick(members: readonly unknown[]): unknown {
    const others = members.filter((member) => member !== null);
    if (others.length === 0) return null;
    this.#lowerSubject ??= this.#prompt.subject.slice(0, 4000).toLowerCase();
    const subject = this.#lowerSubject;
    const named = others.filter(
      (member) => typeof member === 'string' && member.length > 2 && subject.includes(member.toLowerCase()),
    );
    const choices = named.length > 0 ? named : others;
    return choices[this.#random.below(choices.length)];
  }
}

/** Tries more items than are wanted, since some may be equal. */
function distinct(count: number, itemAt: (index: number) => unknown): unknown[] {
  const items = new Map<string, unknown>();
  for (let index = 0; items.size < count && index < count * 10 + 20; index += 1) {
    const item = itemAt(index);
    const key = JSON.stringify(item);
    if (!items.has(key)) items.set(key, item);
  }
  return [...items.values()];
}

function stringsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

function integerOr(value: unknown, standard: number): number {
  return typeof value === 'number' ? value : standard;
}
