const candidates = [',', ';', '\t', '|'] as const;

/**
 * Guesses the delimiter from a file's beginning: the candidate that stands equally often in every record, and most
 * often where several do. A file of one column has none; then it is the comma.
 */
export function guessDelimiter(sample: string, quote: string | null): string {
  const records = completeRecords(sample, quote);
  let best: { delimiter: string; count: number } = { delimiter: ',', count: 0 };
  for (const delimiter of candidates) {
    const counts = records.map((record) => occurrences(record, delimiter));
    const least = Math.min(...counts);
    const isEven = counts.every((count) => count === least);
    if (isEven && least > best.count) best = { delimiter, count: least };
  }
  return best.delimiter;
}

/** The first records, quoted fields taken out; the last is left out where the sample may have cut it. */
function completeRecords(sample: string, quote: string | null): readonly string[] {
  const bare = quote === null ? sample : sample.replaceAll(quotedField(quote), '');
  const lines = bare.split(/\r\n|\n|\r/);
  return (lines.length > 1 ? lines.slice(0, -1) : lines).filter((line) => line !== '').slice(0, 50);
}

function quotedField(quote: string): RegExp {
  const mark = RegExp.escape(quote);
  return new RegExp(`${mark}(?:[^${mark}]|${mark}${mark})*(?:${mark}|$)`, 'gu');
}

function occurrences(text: string, delimiter: string): number {
  return text.split(delimiter).length - 1;
}
