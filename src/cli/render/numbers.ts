const decimals = new Intl.NumberFormat('en-US');

/** `1,234`. */
export function count(value: number): string {
  return decimals.format(value);
}

/** `1 row`, `1,234 rows`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** `812 B`, `1.2 MB`. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;
  const power = Math.min(Math.max(0, Math.floor(Math.log10(Math.max(value, 1)) / 3)), units.length - 1);
  const amount = value / 1000 ** power;
  return `${power === 0 ? amount : amount.toFixed(1)} ${units[power] ?? 'B'}`;
}

const cents = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });

/** `$1,204.50`, `$0.21`, `$0.0034`: cents, or as many places as two digits take. */
export function dollars(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || size >= 0.0995) return cents.format(value);
  const places = Math.min(1 - Math.floor(Math.log10(size)), 12);
  return `${value < 0 ? '-' : ''}$${size.toFixed(places)}`;
}
