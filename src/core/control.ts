import { UserError } from './errors.ts';
import { suggest } from './nearest.ts';
import { parseInteger } from './quantities.ts';

/**
 * What can be asked of a run that is going on. `pause`: dispatch nothing new; children finish their batches. `processes`: as many slots
 * from now on. `retire`: the shard's child ends after its item. `kill`: at once. `stop`: as the first Ctrl-C.
 */
export type ControlRequest =
  | { readonly verb: 'pause' | 'continue' | 'stop' }
  | { readonly verb: 'processes'; readonly processes: number }
  | { readonly verb: 'retire' | 'kill'; readonly shard: number };

export type ControlVerb = ControlRequest['verb'];

/** What came of it. Refused ones say why and what to do. */
export type ControlAnswer =
  | { readonly ok: true; readonly message: string }
  | { readonly ok: false; readonly message: string; readonly hint?: string };

/** The version of the lines that go over the socket; one JSON object each way. */
const VERSION = 1;
const VERBS: Readonly<Record<ControlVerb, 'shard' | 'number' | undefined>> = {
  pause: undefined,
  continue: undefined,
  processes: 'number',
  retire: 'shard',
  kill: 'shard',
  stop: undefined,
};
const MOST_PROCESSES = 4096;

export const isControlVerb = (word: string | undefined): word is ControlVerb => word !== undefined && Object.hasOwn(VERBS, word);

/** A request as words of a command line: `processes 4`. */
export function parseControl(word: string | undefined, value: string | undefined): ControlRequest {
  if (!isControlVerb(word)) {
    const hint = (word === undefined ? undefined : suggest(word, Object.keys(VERBS))) ?? `choose from ${Object.keys(VERBS).join(', ')}`;
    throw new UserError(word === undefined ? 'ctl needs to be told what to do' : `ctl cannot ${JSON.stringify(word)}`, { hint });
  }
  const needs = VERBS[word];
  if (needs === undefined && value !== undefined)
    throw new UserError(`ctl ${word} has no use for ${JSON.stringify(value)}`, { hint: `write ctl ${word}` });
  if (needs !== undefined && value === undefined)
    throw new UserError(`ctl ${word} needs a ${needs}`, { hint: `write ctl ${word} ${needs === 'shard' ? '3' : '4'}` });
  switch (word) {
    case 'processes': {
      const processes = parseInteger(value ?? '', 1);
      if (processes > MOST_PROCESSES) throw new UserError(`${processes} processes are too many`, { hint: `at most ${MOST_PROCESSES}` });
      return { verb: word, processes };
    }
    case 'retire':
    case 'kill':
      return { verb: word, shard: parseInteger(value ?? '', 0) };
    default:
      return { verb: word };
  }
}

/** A request as a line. */
export const formatRequest = (request: ControlRequest): string => `${JSON.stringify({ shardyard: VERSION, ...request })}\n`;

/** The request of a line; throws a `UserError` for anything else. */
export function parseRequest(line: string): ControlRequest {
  const value = parseJson(line);
  if (value?.['shardyard'] !== VERSION) {
    throw new UserError(`this run is controlled by lines of JSON with "shardyard": ${VERSION}`, {
      hint: 'use the same version of Shardyard as the run',
    });
  }
  const given = value['processes'] ?? value['shard'];
  return parseControl(textOf(value['verb']), textOf(given));
}

/** An answer as a line. */
export const formatAnswer = (answer: ControlAnswer): string => `${JSON.stringify({ shardyard: VERSION, ...answer })}\n`;

/** The answer of a line; undefined for anything else. */
export function parseAnswer(line: string): ControlAnswer | undefined {
  const value = parseJson(line);
  const [ok, message, hint] = [value?.['ok'], value?.['message'], value?.['hint']];
  if (typeof ok !== 'boolean' || typeof message !== 'string') return undefined;
  if (ok) return { ok, message };
  return { ok, message, ...(typeof hint === 'string' ? { hint } : {}) };
}

function parseJson(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    // A copy, whose fields are then looked at one by one.
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' || typeof value === 'number' ? String(value) : undefined);
