import type { Place } from './support.ts';

/**
 * Two awkward rows for every item. Writes every item that it begins to `executed.txt`. Items that are a line of `bad.txt` throw; items
 * whose name begins with `slow` are held until there is a file that is named `go` and the item.
 */
export const WORKER = `
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
const isBad = (item) => existsSync('bad.txt') && readFileSync('bad.txt', 'utf8').split('\\n').includes(item);
export default {
  columns: ['item', 'text'],
  process: async (item) => {
    appendFileSync('executed.txt', item + '\\n');
    if (isBad(item)) throw new Error(item + ' is bad');
    while (item.startsWith('slow') && !existsSync('go-' + item)) await sleep(5);
    if (item.startsWith('slow')) await setImmediate(); // what was sent before the file was there is heard
    return [{ item, text: '"' + item + '"' }, { item, text: 'two\\nlines' }];
  },
};
`;

/** What the worker makes of items. */
export const csvOf = (items: readonly string[]): string =>
  `item,text\n${items.map((item) => `${item},"""${item}"""\n${item},"two\nlines"\n`).join('')}`;

/** The items begun since the last look, in alphabetical order: which of them comes first is up to the schedule. */
export function executed(place: Place): string[] {
  const lines = place.lines('executed.txt').filter((line) => line !== '');
  place.write('executed.txt');
  return lines.toSorted();
}
