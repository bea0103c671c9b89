import { accessSync, constants, statSync, type Stats } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { UserError } from '../core/errors.ts';
import { parseAttemptName } from '../core/names.ts';
import { parseOutput } from '../formats/output.ts';

/** Names that a run's folder needs for itself. */
const RESERVED = /^(journal|items-\d+)\.ndjson$|^(manifest|report|verify|live|owner|plan-\d+)\.json$|\.meta\.json$/;

/** Refuses an output that cannot become a file, or is one that is still needed (`inputs`), before anything is started. */
export function checkOutput(output: string, inputs: readonly (string | undefined)[] = []): void {
  parseOutput(output);
  const refuse = (why: string): never => {
    throw new UserError(`the output cannot be written: ${why}`, { place: { file: output }, hint: 'choose another --output' });
  };
  const name = basename(output);
  if (parseAttemptName(name) || RESERVED.test(name)) refuse('a run has a file of that name');
  if (inputs.some((input) => input !== undefined && resolve(input) === resolve(output))) refuse('it is what the run is made from');
  const look = (path: string): Stats | undefined => {
    try {
      return statSync(path, { throwIfNoEntry: false });
    } catch (error) {
      return refuse(error instanceof Error ? error.message : String(error));
    }
  };
  if (look(output)?.isDirectory()) refuse('it is a folder');
  for (let folder = dirname(resolve(output)); ; folder = dirname(folder)) {
    const found = look(folder);
    if (!found) continue;
    if (!found.isDirectory()) refuse(`${folder} is not a folder`);
    try {
      accessSync(folder, constants.W_OK);
    } catch {
      refuse(`${folder} is read-only`);
    }
    return;
  }
}
