import type { ChunkState } from '../../ledger/chunk-state.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import { type Lane, later, left, moved, type Step } from '../lane.ts';
import { atOnce } from '../stages.ts';
import { askFile, forgetAsking } from './ask-file.ts';
import type { DirectContext } from './context.ts';

/** States in which no batch was asked for; what was uploaded for one is of no use. */
const begins: ReadonlySet<ChunkState> = new Set(['sealed', 'uploading', 'uploaded']);

/** Through the provider's synchronous API: each line of a file is a request of its own. */
export class DirectLane implements Lane {
  readonly #context: DirectContext;
  /** Files that were begun here and are not asked to their end. */
  readonly #begun = new Set<number>();

  constructor(context: DirectContext) {
    this.#context = context;
  }

  /** A file is not begun before its turn: until then it may still go another way. */
  async step(chunk: ChunkRecord): Promise<Step> {
    const { ledger, account, pass } = this.#context;
    if (begins.has(chunk.state)) {
      if (!pass.sends) return left;
      if (this.#begun.size >= atOnce.ask) return later(Infinity, 'turn');
      this.#begun.add(chunk.chunk);
      return moved(await ledger.moveChunk(chunk, 'asking_begun', { account, lane: 'direct' }));
    }
    if (chunk.state !== 'asking' || (!pass.sends && !pass.cancels)) return left;
    return this.#ask(chunk);
  }

  async #ask(chunk: ChunkRecord): Promise<Step> {
    const { ledger, folder, pass, halt, keepTimes } = this.#context;
    const { inDoubt, accepted, fault } = await askFile(this.#context, chunk, pass.sends);
    // What was answered is loaded all the same.
    if (fault !== null) halt(fault);
    if (accepted > 0) return left;
    const answered = await ledger.moveChunk(chunk, 'answers_written', { inDoubt });
    this.#begun.delete(chunk.chunk);
    await keepTimes();
    await forgetAsking(folder, chunk.chunk);
    return moved(answered);
  }
}
