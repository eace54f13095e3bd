import type { InputText } from '../file/input-text.ts';
import { RecordFault } from '../file/record-fault.ts';
import type { JsonParser, JsonRecord } from './json-record.ts';

const batchRows = 2000;
const batchBytes = 4_000_000;

/** A text's records in batches of some thousands. @throws BatchlineError */
export async function* readRecords(
  text: InputText,
  parser: JsonParser,
  signal: AbortSignal,
): AsyncGenerator<readonly JsonRecord[], void, undefined> {
  let bytes = 0;
  try {
    for await (const chunk of text.chunks(signal)) {
      parser.write(chunk);
      bytes += chunk.length;
      if (parser.ready < batchRows && bytes < batchBytes) continue;
      bytes = 0;
      yield parser.take();
    }
    parser.end();
    yield parser.take();
  } catch (error) {
    throw error instanceof RecordFault ? error.in(text.name) : error;
  }
}

const sampleRecords = 1000;
const sampleBytes = 32_000_000;

/** The first records of these texts. @throws BatchlineError */
export async function sampleOf(
  texts: readonly InputText[],
  createParser: () => Promise<JsonParser>,
): Promise<readonly JsonRecord[]> {
  const sample: JsonRecord[] = [];
  for (const text of texts) {
    sample.push(...(await beginningOf(text, await createParser(), sampleRecords - sample.length)));
    if (sample.length >= sampleRecords) break;
  }
  return sample;
}

async function beginningOf(
  text: InputText,
  parser: JsonParser,
  most: number,
): Promise<readonly JsonRecord[]> {
  let bytes = 0;
  try {
    for await (const chunk of text.peek()) {
      parser.write(chunk);
      bytes += chunk.length;
      if (parser.ready >= most || (parser.ready > 0 && bytes >= sampleBytes))
        return parser.take().slice(0, most);
    }
    parser.end();
  } catch (error) {
    throw error instanceof RecordFault ? error.in(text.name) : error;
  }
  return parser.take().slice(0, most);
}
