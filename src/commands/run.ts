import { fileURLToPath } from 'node:url';
import { launch } from '../index.ts';
import { drive } from './drive.ts';
import type { LaunchOptions } from '../core/options.ts';
import type { Input } from './verbs.ts';

/** `shardyard run [worker]` */
export async function run(input: Input): Promise<number> {
  if (input.settings.verb.verify) return (await import('./verify.ts')).verify(input);
  return drive(launch(launchOptions(input)), input.settings.show.progress);
}

/** What `run` and `plan` launch; with no worker named anywhere, the shipped example. */
export function launchOptions({ positionals, settings: { run: options, place } }: Input): LaunchOptions {
  const { command, ...others } = options;
  // A worker that is typed replaces a command in the file, and the other way round.
  if (command && command.length > 0 && positionals['worker'] === undefined) return { ...options, ...place, worker: '' };
  return { ...others, ...place, worker: options.worker ?? exampleWorker() };
}

/** Two folders up from here is the package, in `src` as in `dist`. */
function exampleWorker(): string {
  return fileURLToPath(new URL('../../workers/fx-features.ts', import.meta.url));
}
