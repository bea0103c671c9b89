import { hash } from 'node:crypto';

/** The hash under which a writer keeps its entry of a number. */
export const hashFor = (name: string, number: number): string => hash('sha256', `${name} ${number}`, 'hex');

/** What it keeps there: up to 20 KB, now and then a megabyte, and always the same for the same name and number. */
export function valueFor(name: string, number: number): string {
  const seed = hashFor(name, number);
  const length = number % 500 === 499 ? 1e6 : Number.parseInt(seed.slice(0, 4), 16) % 20_000;
  return seed.repeat(Math.ceil(length / seed.length) + 1).slice(0, length + 1);
}
