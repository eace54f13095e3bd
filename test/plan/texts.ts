import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { spamAssassin } from '../corpora/corpora.ts';
import { randomNumbers } from '../../src/plan/random.ts';

/** The texts of a table's rows. */
export type Texts = readonly string[];

export function mails(): Texts {
  return spamAssassin().records.map(({ mail }) => String(mail));
}

/** The files of this repository. */
export function code(): Texts {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  return globSync('{src,test}/**/*.ts', { cwd: root })
    .toSorted()
    .map((path) => readFileSync(`${root}/${path}`, 'utf8'));
}

/** Out of stories by Lu Xun. */
const prose = [
  '鲁镇的酒店的格局，是和别处不同的：都是当街一个曲尺形的大柜台，柜里面预备着热水，可以随时温酒。',
  '做工的人，傍午傍晚散了工，每每花四文铜钱，买一碗酒，靠柜外站着，热热的喝了休息。',
  '孔乙己是站着喝酒而穿长衫的唯一的人。他身材很高大；青白脸色，皱纹间时常夹些伤痕；一部乱蓬蓬的花白的胡子。',
  '今天晚上，很好的月光。我不见他，已是三十多年；今天见了，精神分外爽快。',
  '我冒了严寒，回到相隔二千余里，别了二十余年的故乡去。时候既然是深冬；渐近故乡时，天气又阴晦了。',
  '我想：希望是本无所谓有，无所谓无的。这正如地上的路；其实地上本没有路，走的人多了，也便成了路。',
];

/** Chinese rows of very different length: prose, and the names of places, languages and moneys. */
export function chinese(rows: number, random = randomNumbers(7)): Texts {
  const names = (['region', 'language', 'currency'] as const).flatMap((type) => namesOf(type));
  const sentences = [...prose, ...prose, ...names];
  return Array.from({ length: rows }, () => {
    const length = Math.ceil(2 ** (random() * 9));
    return Array.from({ length }, () => sentences[Math.floor(random() * sentences.length)]).join('');
  });
}

function namesOf(type: 'region' | 'language' | 'currency'): Texts {
  const letters = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ');
  const pairs = letters.flatMap((a) => letters.map((b) => `${a}${b}`));
  const codes = type === 'currency' ? pairs.flatMap((pair) => letters.map((c) => pair + c)) : pairs;
  const names = new Intl.DisplayNames('zh', { type, fallback: 'none' });
  return codes.flatMap((code) => {
    const name = names.of(type === 'language' ? code.toLowerCase() : code);
    return name === undefined ? [] : [`${name}，`];
  });
}

/** Numbers, hexadecimal and base64, of which a few rows are most of the table. */
export function machineMade(rows: number, random = randomNumbers(11)): Texts {
  return Array.from({ length: rows }, (_, row) => {
    const bytes = Buffer.from(
      Array.from({ length: row % 50 === 0 ? 20_000 : 20 }, () => Math.floor(random() * 256)),
    );
    return bytes.toString((['hex', 'base64'] as const)[row % 2]);
  });
}

export function shuffled(texts: Texts, random: () => number): Texts {
  return texts
    .map((text) => ({ text, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ text }) => text);
}
