// Run with `ulimit -f` set: writes until the file may not grow, and prints what it was told and whether the file is gone.
import { existsSync } from 'node:fs';
import { openWriter } from '../../src/formats/writer.ts';

process.on('SIGXFSZ', () => {});
const [file = '', compression] = process.argv.slice(2);
const writer = openWriter({ file, format: 'csv', compression: compression === 'gzip' ? 'gzip' : 'none', from: 'csv', columns: ['a'] });
const chunk = crypto.getRandomValues(new Uint8Array(64 * 1024));
let code: unknown;
try {
  for (let count = 0; count < 100; count++) await writer.write(chunk);
  await writer.finish();
} catch (error) {
  code = error instanceof Error && 'code' in error ? error.code : error;
}
await writer.abort();
console.log(JSON.stringify({ code, there: existsSync(file) }));
