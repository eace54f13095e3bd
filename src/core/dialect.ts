import type { Blame } from './blame.ts';
import type { Billing, Usage } from './batch-result.ts';
import type { DirectResponse } from './direct-side.ts';
import type { JsonMap } from './json.ts';
import type { PartPlan, WritePart } from './message-part.ts';
import type { RequestBlock } from './request-block.ts';
import type { MadeUpAnswer, ShownRequest } from './shown-request.ts';
import type { WireText } from './wire-text.ts';

/** What requests ask for, in the words of pipeline files. */
export type Endpoint = RequestBlock['endpoint'];

/** A request block as it is written, but for its endpoint's word: any key may be missing, or of a wrong type. */
export type RequestDraft = { readonly [Key in keyof RequestBlock]?: unknown };

/** What a template is for: only an empty prompt or input keeps a row from being sent. */
export type TemplateRole = 'system' | 'prompt' | 'input';

/**
 * A request body in writing.
 * - `json`: constant JSON text
 * - `template`: the text of a Liquid template that stands inside a JSON string
 * - `parts`: the elements of a JSON list, without its brackets; a part that renders to nothing is left out
 * - `aside`: constant JSON text that is sent, but is no part of what is asked, nor of `request_hash`
 */
export type BodyPiece =
  | { readonly kind: 'json' | 'aside'; readonly text: WireText }
  | { readonly kind: 'template'; readonly template: string; readonly role: TemplateRole }
  | { readonly kind: 'parts'; readonly parts: readonly PartPlan[]; readonly write: WritePart };

export interface BodyPlan {
  readonly pieces: readonly BodyPiece[];
  /** Messages, for the token estimate; an embedding's input is none. */
  readonly messages: number;
}

/** The texts of a prompt. */
export interface PromptTexts {
  readonly texts: readonly string[];
  /** How many messages they are. */
  readonly messages: number;
}

/** What stands around id and body in a request line: `open` id `middle` body `close`. */
export interface LineFrame {
  readonly open: string;
  readonly middle: string;
  readonly close: string;
}

/** Something that a provider cannot do, or does not take, at its key within the block that it is about. */
export interface DialectFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly suggestion?: string | undefined;
  /** What to point at: the value (default), its key, or the map that lacks it. */
  readonly at?: 'value' | 'key' | 'parent';
}

/** What the model said in the body of a response. */
export interface Reply {
  readonly text: string | null;
  /** The reason that the model gave for not answering. */
  readonly refusal: string | null;
  /** `stop`, `length`, `content_filter`, `error` where the provider broke off, or its own word. */
  readonly finishReason: string | null;
  /** Base64 of little-endian 32-bit floats, or a list of numbers. */
  readonly vector: unknown;
  /** Whether the body holds nothing that could be an answer. */
  readonly isEmpty: boolean;
  /** Whether the model asked for a tool to be called, so that it need not have said anything. */
  readonly hasCalls: boolean;
  readonly model: string | null;
  /** `noUsage` itself where the body says nothing of it. */
  readonly usage: Usage;
  /** The tier need not be the one that was asked for. The usual billing where it is left out. */
  readonly billing?: Billing;
}

/** Why a request was not answered. */
export interface LineFailure {
  readonly code: string;
  readonly message: string;
  /** Whether it is worth sending again by itself. */
  readonly retryable: boolean;
  /** Whether the provider returned a response, so that it counts as an attempt. */
  readonly ran: boolean;
  /** `unclear`: the account's where no row of its batch was answered, else the row's. */
  readonly blame: Blame | 'unclear';
  readonly usage: Usage | null;
}

/** A result line, taken apart. */
export type ResultParts = { readonly customId: string; readonly requestId: string | null } & (
  | { readonly kind: 'answered'; readonly body: JsonMap }
  | { readonly kind: 'failed'; readonly failure: LineFailure }
);

/** The parts of an answer that stand in single texts and numbers of a result line. */
export type AnswerLeaf =
  | 'customId'
  | 'requestId'
  | 'content'
  | 'inputTokens'
  | 'outputTokens'
  | 'totalTokens'
  | 'cachedTokens'
  | 'cacheWriteTokens';

/** What the texts and numbers of a successful result line mean, for a reader that does not parse each line. */
export interface LeafMeanings {
  /** Keys of leaves whose text decides what a line means, or is nearly always the same. */
  readonly constantKeys: ReadonlySet<string>;
  /** Paths of leaves that would change what a line means, and that a success does not have. */
  readonly decisive: RegExp;
  /** Which leaf, by its path, is which part of the answer; null where that cannot be said of this line. */
  partsOf(line: JsonMap): ReadonlyMap<string, AnswerLeaf> | null;
}

export type TokenEncoding = 'cl100k_base' | 'o200k_base';

/** What is known of the model before anything is sent. */
export interface ModelFacts {
  /** Of its embeddings; null where that is not known. */
  readonly dimensions: number | null;
  readonly encoding: TokenEncoding;
  /** By which its prompts are counted; absent where that is not public. */
  readonly ownEncoding?: TokenEncoding;
  /** The most tokens of one embedding input; null where that is not known. */
  readonly longestInput: number | null;
}

/** Parameters of an endpoint, by name. */
export interface KnownParameters {
  readonly names: readonly string[];
  /** Whether there are no others. */
  readonly isEvery: boolean;
  /** The endpoint's own word for what goes by another name at other endpoints. */
  readonly meant: Readonly<Record<string, string>>;
  /** What is to be said of single ones, by name. */
  readonly remarks?: Readonly<Record<string, Pick<DialectFault, 'message' | 'suggestion'>>>;
}

/** Tiers that synchronous requests may ask for, by the words of pipeline files. */
export interface Tiers {
  /** The parameter by which a request names its tier. */
  readonly parameter: string;
  of(endpoint: Endpoint): readonly string[];
  /** The parameters that a request of a window is sent with; absent where a provider has no windows. */
  window?(tier: string): JsonMap;
}

/**
 * How a provider writes requests and results: pure, and part of its declaration, so that a file is checked, built and
 * loaded without reaching anybody.
 */
export interface Dialect {
  /** The paths of its API by which a pipeline file may name an endpoint too. */
  readonly paths: Readonly<Partial<Record<Endpoint, string>>>;
  /** What this provider cannot do of a request block, so that it can be listed along with what else is wrong there. */
  faults(request: RequestDraft): readonly DialectFault[];
  /** Goes into `request_hash` and into the fingerprint of a run. */
  path(request: RequestBlock): string;
  /** @throws BatchlineError `invalid_request` where the block cannot make a request of its endpoint */
  body(request: RequestBlock): BodyPlan;
  frame(request: RequestBlock): LineFrame;
  /** The texts in a request's body; neither schemas nor images are any. */
  promptTexts(endpoint: Endpoint, body: JsonMap): PromptTexts;
  /** The body that asks again: what was asked first, then the answer that was not accepted, and a complaint about it. */
  reask(body: JsonMap, answer: string, complaint: string): JsonMap;
  /** The body as it was first sent, of one that asks again; the same object where it does not. */
  asked(body: JsonMap): JsonMap;
  /** A synchronous answer as a line of a batch's results, without its end. */
  resultLine(customId: string, response: DirectResponse): string;
  /** Null where the line is no result of a request. */
  split(line: JsonMap): ResultParts | null;
  /** The id of the request that a line answers, of which only a part is at hand; null where that does not tell. */
  idIn(part: string): string | null;
  reply(endpoint: Endpoint, body: JsonMap): Reply;
  /** Absent where every line is to be parsed. */
  leaves?(endpoint: Endpoint): LeafMeanings | null;
  /** A request's body as a person reads it. */
  shown(endpoint: Endpoint, body: JsonMap): ShownRequest;
  /** The body of a response that says so: for trying a pipeline out without the provider. */
  answerBody(request: RequestBlock, answer: MadeUpAnswer): JsonMap;
  facts(request: RequestDraft): ModelFacts;
  /** Absent where a provider has none. */
  readonly tiers?: Tiers;
  /** The most tokens that an answer may have by the request's own words; null where they do not say. */
  outputCeiling?(request: RequestBlock): number | null;
  /**
   * What may stand in `request.params`. Absent where that is not known.
   *
   * @param baseUrl as the file has it; undefined where it has none
   * @param model as the file has it
   */
  parameters?(endpoint: Endpoint, baseUrl: unknown, model: unknown): KnownParameters;
}
