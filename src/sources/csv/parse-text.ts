import { RecordFault } from '../file/record-fault.ts';
import { packRecords, type PackedRecords } from './packed-records.ts';
import { RecordParser, type RecordFormat } from './record-parser.ts';

/** What to make of one file's text. */
export interface ParsePlan {
  /** As messages name the file. */
  readonly name: string;
  readonly format: RecordFormat;
  /** Whether the first record names the columns. */
  readonly hasHeader: boolean;
  readonly skipsBadRecords: boolean;
  /** The indices of the columns that are wanted. */
  readonly columns: readonly number[];
}

/** Blocks are small, since large strings live until a full garbage collection. */
const blockBytes = 64 * 1024;

/** Parses a text, the last block of records to the last. @throws BatchlineError */
export async function* parseText(
  chunks: AsyncIterable<Buffer>,
  plan: ParsePlan,
): AsyncGenerator<PackedRecords, void, undefined> {
  let bad = 0;
  const onBadRecord = plan.skipsBadRecords ? () => void (bad += 1) : null;
  const parser = await RecordParser.create(plan.format, { hasHeader: plan.hasHeader, onBadRecord });
  const take = () => packRecords(parser.take(), plan.columns, { seen: parser.seen, bad });
  let bytes = 0;
  try {
    for await (const chunk of chunks) {
      await parser.write(chunk);
      bytes += chunk.length;
      if (bytes < blockBytes) continue;
      bytes = 0;
      yield take();
    }
    await parser.end();
    yield take();
  } catch (error) {
    throw error instanceof RecordFault ? error.in(plan.name) : error;
  } finally {
    parser.destroy();
  }
}
