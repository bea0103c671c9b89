// Takes the lock of a folder, says so, and keeps it until it is killed or its input ends.
import { takeLock } from '../../src/store/lock.ts';

const [folder = ''] = process.argv.slice(2);
try {
  const lock = takeLock(folder, 'r');
  process.stdin.on('end', () => {
    lock.release();
    console.log('released');
  });
  process.stdin.resume();
  console.log('taken');
} catch (error) {
  console.log(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
}
