import type { ChunkState } from '../../ledger/chunk-state.ts';
import type { ChunkRecord } from '../../ledger/ledger.ts';
import { type Lane, left, moved, type Step } from '../lane.ts';
import { askFile, forgetAsking } from './ask-file.ts';
import type { DirectContext } from './context.ts';

/** States in which no batch was asked for; what was uploaded for one is of no use. */
const begins: ReadonlySet<ChunkState> = new Set(['sealed', 'uploading', 'uploaded']);

/** Through the provider's synchronous API: each line of a file is a request of its own. */
export class DirectLane implements Lane {
  readonly #context: DirectContext;

  constructor(context: DirectContext) {
    this.#context = context;
  }

  async step(chunk: ChunkRecord): Promise<Step> {
    const { ledger, account, folder, pass, halt, keepTimes } = this.#context;
    if (begins.has(chunk.state)) {
      if (!pass.sends) return left;
      return moved(await ledger.moveChunk(chunk, 'asking_begun', { account, lane: 'direct' }));
    }
    if (chunk.state !== 'asking') return left;
    if (!pass.sends && !pass.cancels) return left;
    const { inDoubt, fault } = await askFile(this.#context, chunk, pass.sends);
    // What was answered is loaded all the same.
    if (fault !== null) halt(fault);
    const answered = await ledger.moveChunk(chunk, 'answers_written', { inDoubt });
    await keepTimes();
    await forgetAsking(folder, chunk.chunk);
    return moved(answered);
  }
}
