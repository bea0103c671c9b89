import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunPaths } from '../store/paths.ts';

/** How the user starts Shardyard, so that a command they are shown can be pasted. */
function program(): string {
  const { npm_lifecycle_event: script, npm_command: command, npm_package_name: name } = process.env;
  if (script !== undefined && command === 'run' && name === 'shardyard') return 'npm run shardyard --';
  return command === 'exec' ? 'npx shardyard' : 'shardyard';
}

/** A command line, about a run unless that is `undefined`, with the folders where they are not the default ones. */
export function commandFor(
  verb: string,
  run: string | undefined,
  { dataDir, logsDir }: { readonly dataDir?: string | undefined; readonly logsDir?: string | undefined },
  more = '',
): string {
  const folders = [
    dataDir === undefined || dataDir === 'data' ? '' : ` --data-dir ${quote(dataDir)}`,
    logsDir === undefined || logsDir === 'logs' ? '' : ` --logs-dir ${quote(logsDir)}`,
  ];
  return `${program()} ${verb}${run === undefined ? '' : ` ${run}`}${more}${folders.join('')}`;
}

/** The command that does one item again; one for all failed items where the key cannot be typed. */
export function commandForItem(run: string, key: string, folders: Parameters<typeof commandFor>[2]): string {
  // oxlint-disable-next-line no-control-regex -- these cannot be pasted
  const isPlain = key.length <= 200 && key.trim() === key && key !== '' && !/[\u0000-\u001f\u007f-\u009f]/.test(key);
  if (!isPlain) return commandFor('rerun', run, folders, ' --failed');
  return commandFor('rerun', run, folders, ` --items=${quote(/[,[]/.test(key) ? JSON.stringify([key]) : key)}`);
}

/** What to do after a fault of the disk, in which the run's folder itself may have gone. */
export function resumeHint({ run, folder }: RunPaths, folders: Parameters<typeof commandFor>[2]): string {
  if (!existsSync(join(folder, 'manifest.json'))) return `the folder of the run is gone: bring it back, or start the run again`;
  return `nothing that is committed is lost; make room or mend the folder, then \`${commandFor('resume', run, folders)}\``;
}

/** A word of a command line, as a shell reads it. */
export const quote = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
