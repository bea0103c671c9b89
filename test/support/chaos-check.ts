import { globSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseLine } from '../../src/store/journal.ts';
import { RUN, type Scenario } from './chaos-plan.ts';
import { type Failure, type Planted, unexpected } from './chaos-poison.ts';
import { artifactsIn, type Reference, sha256Of } from './chaos-reference.ts';
import { runSession, type Where } from './session.ts';

interface CheckOptions {
  readonly folder: string;
  readonly scenario: Scenario;
  readonly planted: Planted | undefined;
  readonly reference: Reference;
  readonly where: Where;
  /** Gets how often an attempt or a try ended with each cause. */
  readonly causes: Map<string, number>;
  readonly fail: (what: string) => void;
}

/** What must hold at the end of a round, whatever happened before: nobody disturbs it any more. */
export async function checkRound(options: CheckOptions): Promise<void> {
  const { folder, scenario, planted, where, fail } = options;
  checkFiles(options);
  // A kill may have cost a good item its tries, or come where poison was at work: once more in peace, all causes are the right ones.
  if (!planted) checkOutput('at the end', options);
  const again = await runSession(['resume', RUN, '--progress', 'none'], where);
  if (again.code !== (planted ? 1 : 0)) fail(`a resume of the finished run ended with ${again.code ?? again.signal}: ${again.stderr}`);
  checkOutput('after another resume', options);
  const status = await statusOf(where);
  if (typeof status === 'string') return fail(status);
  const bad = planted?.always ?? new Map();
  const { state, items, failures } = status;
  if (state !== (planted ? 'failed' : 'done') || items.done !== scenario.count - bad.size || items.failed !== bad.size)
    fail(`status: ${JSON.stringify({ state, items, failures })}`);
  for (const wrong of unexpected(failures, bad)) fail(wrong);
  const left = leftIn(folder);
  if (left.length > 0) fail(`left behind: ${left.join(', ')}`);
}

function checkOutput(when: string, { folder, scenario, reference, fail }: CheckOptions): void {
  const sha256 = sha256Of(join(folder, scenario.output));
  if (sha256 !== reference.sha256) fail(`${when}, the output differs from that of an undisturbed run`);
  const artifacts = artifactsIn(folder);
  if (artifacts.join() !== reference.artifacts.join()) fail(`${when}, the artifacts differ: ${artifacts.join()}`);
  const meta: unknown = JSON.parse(readFileSync(join(folder, `${scenario.output}.meta.json`), 'utf8'));
  if (!(typeof meta === 'object' && meta && 'sha256' in meta && meta.sha256 === sha256)) fail(`${when}, the meta file has another sha256`);
  else if (!('artifacts' in meta && Array.isArray(meta.artifacts) && meta.artifacts.length === artifacts.length))
    fail(`${when}, the meta file does not list ${artifacts.length} artifacts`);
}

/** What is left in the folder, and the journal. */
function checkFiles({ folder, fail, causes }: CheckOptions): void {
  const left = leftIn(folder);
  if (left.length > 0) fail(`left behind: ${left.join(', ')}`);
  const lines = readFileSync(join(folder, 'data', 'runs', RUN, 'journal.ndjson'), 'utf8').split('\n');
  if (lines.pop() !== '') fail('the journal has a torn end');
  for (const [number, line] of lines.entries()) {
    const event = parseLine(line);
    if (event === undefined) fail(`line ${number + 1} of the journal is bad`);
    else if (event.type === 'attempt-ended' || (event.type === 'tried' && event.cause === 'error'))
      causes.set(event.cause, (causes.get(event.cause) ?? 0) + 1);
  }
}

/** Temporary files, names of owners, and sockets. */
function leftIn(folder: string): string[] {
  const all = globSync('**/*', { cwd: folder });
  const sockets = all.filter((name) => lstatSync(join(folder, name)).isSocket());
  const named = all.filter((name) => /(\.tmp|\/live\.json|\/owner\.json|\/staged)$/.test(name));
  // Where Node keeps compiled modules when it is not told another place: a cache, shared by all programs of the user.
  const temporary = readdirSync(join(folder, 'tmp')).filter((name) => name !== 'node-compile-cache');
  return [...sockets, ...named, ...temporary.map((name) => `tmp/${name}`)];
}

interface Status {
  readonly state: string;
  readonly items: { readonly done: number; readonly failed: number };
  readonly failures: readonly Failure[];
}

/** What `status` says, or what was wrong with asking. */
async function statusOf(where: Where): Promise<Status | string> {
  const { code, stdout, stderr } = await runSession(['status', RUN, '--json'], where);
  return code === 0 ? (JSON.parse(stdout) as Status) : `status: exit code ${code}, ${stdout.slice(0, 300)}${stderr}`;
}

/** The failed items of the run, or what was wrong with asking. */
export async function failuresOf(where: Where): Promise<readonly Failure[] | string> {
  const status = await statusOf(where);
  return typeof status === 'string' ? status : status.failures;
}
