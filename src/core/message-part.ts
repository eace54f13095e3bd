import type { TemplateRole } from './dialect.ts';

/** A part of a message as a pipeline file has it: what it holds, and the template of that. */
export interface PartPlan {
  readonly holds: 'text' | 'image' | 'file';
  readonly template: string;
  readonly role: TemplateRole;
}

/** A part of a message of one row. */
export type MessagePart =
  | { readonly kind: 'text'; readonly text: string }
  /** An image at an http(s) address; `mediaType` by the address's extension, null where that tells nothing. */
  | { readonly kind: 'address'; readonly url: string; readonly mediaType: string | null }
  /** What a data URL or a file held. `name` is the file's, null of a data URL. */
  | {
      readonly kind: 'data';
      readonly holds: 'image' | 'file';
      readonly mediaType: string;
      readonly base64: string;
      readonly name: string | null;
    };

/**
 * A part in a provider's own form, as JSON.
 *
 * @throws BatchlineError where the provider has no form for it, which fails the row
 */
export type WritePart = (part: MessagePart) => string;

/** A file that is a part of a message. */
export interface PartFile {
  /** Without its folders. */
  readonly name: string;
  /** Its first bytes, by which its type is known. */
  readonly start: Buffer;
  readonly base64: string;
}

/** The files that parts of messages may name. */
export interface PartFiles {
  /**
   * @param path as the row has it
   * @throws BatchlineError whose message says what to do, since it stands alone where the row's failure is told
   */
  read(path: string): PartFile;
}
