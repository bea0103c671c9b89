// Carries out the commands that come on stdin, one after the other, and prints how each of them has ended.
import { text } from 'node:stream/consumers';
import type { Ended } from '../cli/support.ts';
import type { Command } from './commands.ts';

const { main } = (await import(new URL('../../dist/cli/main.js', import.meta.url).href)) as {
  main(args: readonly string[]): Promise<void>;
};
const ends: Ended[] = [];
const print = process.stdout.write.bind(process.stdout);
for (const { cwd, args } of JSON.parse(await text(process.stdin)) as Command[]) {
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = ((data: unknown, encoding?: unknown, done?: unknown) => {
      output[name] += String(data);
      const callback = typeof encoding === 'function' ? encoding : done;
      if (typeof callback === 'function') callback();
      return true;
    }) as typeof process.stdout.write;
  }
  process.chdir(cwd);
  process.exitCode = undefined;
  await main(args);
  // Each command listens for what nobody catches, and for pipes that are closed.
  process.removeAllListeners('uncaughtException');
  for (const name of ['stdout', 'stderr'] as const) process[name].removeAllListeners('error');
  ends.push({ code: Number(process.exitCode ?? 0), ...output });
}
process.exitCode = 0;
print(JSON.stringify(ends));
