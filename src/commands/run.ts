import { fileURLToPath } from 'node:url';
import { launch } from '../index.ts';
import { drive } from './drive.ts';
import type { LaunchOptions } from '../core/options.ts';
import type { Settings } from './resolve.ts';
import type { Input } from './verbs.ts';

/** `shardyard run [worker]` */
export async function run({ settings }: Input): Promise<number> {
  return drive(launch(launchOptions(settings)), settings.show.progress);
}

/** What `run` and `plan` launch; with no worker named anywhere, the shipped example. */
export function launchOptions({ run: options, place }: Settings): LaunchOptions {
  return { ...options, ...place, worker: options.worker ?? exampleWorker() };
}

/** Two folders up from here is the package, in `src` as in `dist`. */
function exampleWorker(): string {
  return fileURLToPath(new URL('../../workers/fx-features.ts', import.meta.url));
}
