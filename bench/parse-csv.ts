/**
 * The least that reading a CSV file takes: csv-parse alone, its records counted and dropped.
 *
 *     node bench/parse-csv.ts FILE EXPECTED_ROWS
 */
import { strictEqual } from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';

const [file = '', expected = ''] = process.argv.slice(2);
let records = -1; // the header
const count = new Writable({
  objectMode: true,
  highWaterMark: 1000,
  write(_record, _encoding, done) {
    records += 1;
    done();
  },
});
await pipeline(createReadStream(file, { highWaterMark: 2 ** 16 }), parse(), count);
strictEqual(records, Number(expected));
