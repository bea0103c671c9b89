// Run with `ulimit -f` set: appends to a journal until the file may not grow, and once more; prints what it was told.
import { statSync } from 'node:fs';
import { Journal } from '../../src/store/journal.ts';

process.on('SIGXFSZ', () => undefined);
const [file = ''] = process.argv.slice(2);
const journal = new Journal(file, 0);
const refused: string[] = [];
let appended = 0;
while (refused.length < 2) {
  try {
    journal.append({ at: appended, type: 'warned', message: `${appended} ${'é'.repeat(450)}` });
    appended++;
  } catch (error) {
    refused.push(error instanceof Error && 'code' in error ? String(error.code) : String(error));
  }
}
await journal.synced();
// What was refused is gone; a shorter line finds room.
journal.append({ at: appended, type: 'warned', message: 'short' });
console.log(JSON.stringify({ appended, refused, size: statSync(file).size }));
