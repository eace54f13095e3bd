import { z } from 'zod';

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const sizeUnits: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

function quantity(units: Readonly<Record<string, number>>, wanted: string) {
  const message = `must be a ${wanted}`;
  return z
    .string({ error: (issue) => (issue.input === undefined ? undefined : message) })
    .transform((text, context) => {
      const match = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*$/.exec(text);
      const unit = match?.[2] === undefined ? undefined : units[match[2]];
      if (match?.[1] === undefined || unit === undefined) {
        context.addIssue({ code: 'custom', message });
        return z.NEVER;
      }
      return Math.round(Number(match[1]) * unit);
    });
}

/** `250ms 90s 15m 6h 14d`, as milliseconds. */
export const duration = quantity(durationUnits, 'duration like 250ms, 90s, 15m, 6h or 14d');

/** `190MB` (10^6) or `181MiB` (2^20), as bytes. */
export const byteSize = z.union([z.int().positive(), quantity(sizeUnits, 'size like 190MB or 181MiB')]);
