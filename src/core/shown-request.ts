import { asMap, asMaps, type JsonMap } from './json.ts';

/** A part of a message: a text, or something else by its name. */
export type ShownPart =
  | { readonly text: string }
  | {
      /** Its media type, its file name or its address. */
      readonly name: string;
      /** Null where it lies elsewhere. */
      readonly bytes: number | null;
    };

export interface ShownMessage {
  readonly role: string;
  readonly parts: readonly ShownPart[];
}

/** A request body as a person reads it. */
export interface ShownRequest {
  readonly messages: readonly ShownMessage[];
  /** What the answer is to look like; null where nothing is said of that. */
  readonly schema: JsonMap | null;
  /** All the rest. */
  readonly params: JsonMap;
}

/** What a made-up answer says. */
export type MadeUpAnswer =
  /** `isCut`: that it ends at the token limit. */
  | { readonly text: string; readonly isCut?: boolean }
  | { readonly refusal: string }
  | { readonly vector: readonly number[] };

/** The parts of a message whose content is a text, or a list of which `partOf` knows what is no text. */
export function shownParts(content: unknown, partOf: (part: JsonMap) => ShownPart): readonly ShownPart[] {
  if (typeof content === 'string') return [{ text: content }];
  return asMaps(content).map((part) =>
    typeof part['text'] === 'string' ? { text: part['text'] } : partOf(part),
  );
}

/** An address, or the media type and size of what a data URL holds. */
export function shownAddress(url: unknown, name?: unknown): ShownPart {
  const text = String(url);
  const [head = '', data = ''] = text.startsWith('data:') ? text.split(',', 2) : [];
  if (data === '') return { name: text, bytes: null };
  return shownData(data, typeof name === 'string' ? name : (/^data:([^;]*)/.exec(head)?.[1] ?? 'data'));
}

/** What stands in base64. */
export function shownData(base64: unknown, name: unknown): ShownPart {
  return { name: String(name), bytes: Buffer.byteLength(String(base64), 'base64') };
}

/** A map without some of its keys. */
export function without(map: JsonMap, ...names: readonly string[]): JsonMap {
  return Object.fromEntries(Object.entries(map).filter(([name]) => !names.includes(name)));
}

/** The map at a way of keys; null where there is none. */
export function mapAt(map: JsonMap, ...way: readonly string[]): JsonMap | null {
  let found: JsonMap | undefined = map;
  for (const key of way) found = asMap(found?.[key]);
  return found ?? null;
}
