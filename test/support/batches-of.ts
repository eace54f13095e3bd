/** A batch as an emulator has carried it out. */
export interface CarriedOut {
  readonly id: string;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly endedAt: number | null;
  /** The request lines by custom_id, as they were uploaded. */
  readonly lines: ReadonlyMap<string, string>;
  /** The custom_ids that were answered with 2xx. */
  readonly answered: ReadonlySet<string>;
}

interface BatchObject {
  readonly id: string;
  readonly status: string;
  readonly created_at: number;
  readonly completed_at: number | null;
  readonly expired_at: number | null;
  readonly cancelled_at: number | null;
  readonly input_file_id: string;
  readonly output_file_id: string | null;
}

interface FileLine {
  readonly custom_id: string;
  readonly response?: { readonly status_code: number } | null;
}

/** All batches of an emulator that were not refused, oldest first; at most 100. */
export async function batchesOf(url: string): Promise<readonly CarriedOut[]> {
  const page = JSON.parse(await get(`${url}/batches?limit=100`)) as { readonly data: readonly BatchObject[] };
  const accepted = page.data.filter(({ status }) => status !== 'failed');
  return Promise.all(accepted.toReversed().map((batch) => carriedOut(url, batch)));
}

async function carriedOut(url: string, batch: BatchObject): Promise<CarriedOut> {
  const requests = await linesOf(url, batch.input_file_id);
  const results = batch.output_file_id === null ? [] : await linesOf(url, batch.output_file_id);
  return {
    id: batch.id,
    createdAt: batch.created_at,
    endedAt: batch.completed_at ?? batch.expired_at ?? batch.cancelled_at,
    lines: new Map(requests.map(({ line, text }) => [line.custom_id, text])),
    answered: new Set(results.filter(isAnswered).map(({ line }) => line.custom_id)),
  };
}

function isAnswered({ line }: { readonly line: FileLine }): boolean {
  return Math.floor((line.response?.status_code ?? 0) / 100) === 2;
}

async function linesOf(url: string, file: string) {
  const text = await get(`${url}/files/${file}/content`);
  const texts = text.split('\n').filter((line) => line !== '');
  return texts.map((line) => ({ text: line, line: JSON.parse(line) as FileLine }));
}

async function get(url: string): Promise<string> {
  const response = await fetch(url, { headers: { authorization: 'Bearer test-key' } });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.text();
}

/** What was bought in vain: lines sent again that were answered, or whose batch had not ended. */
export function boughtTwice(batches: readonly CarriedOut[]): readonly string[] {
  return batches.flatMap((later, place) =>
    batches.slice(0, place).flatMap((earlier) =>
      [...later.lines].flatMap(([id, line]) => {
        if (earlier.lines.get(id) !== line) return [];
        if (earlier.answered.has(id))
          return [`${id}: answered by ${earlier.id}, sent again with ${later.id}`];
        const hasEnded = earlier.endedAt !== null && earlier.endedAt <= later.createdAt;
        return hasEnded ? [] : [`${id}: sent again with ${later.id} while ${earlier.id} was on its way`];
      }),
    ),
  );
}
