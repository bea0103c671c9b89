// Publishes a file and is killed in the middle: before the temporary file is whole, or when it is and has not its final name.
import { writeFileSync } from 'node:fs';
import { publish } from '../../src/store/files.ts';

const [file = '', when] = process.argv.slice(2);
await publish(file, (temporary) => {
  writeFileSync(temporary, when === 'half' ? 'ha' : 'whole');
  if (when === 'throw') throw new Error('no');
  process.kill(process.pid, 'SIGKILL');
});
