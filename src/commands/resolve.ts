import type { ResumeOptions } from '../core/options.ts';
import { RUN_OPTIONS } from './options.ts';
import { CONFIG_OPTION, PLACE_OPTIONS, SHOW_OPTIONS, VERB_OPTIONS } from './other-options.ts';
import { readValue, refuse } from './values.ts';
import type { Option, Values, VerbName } from './option.ts';
import type { Given, Source, Sources } from './sources.ts';

/** The options of one command. Left out: nobody gave it, and the worker's or the run's own value, or the default, holds. */
export interface Settings {
  readonly run: Values<typeof RUN_OPTIONS> & Pick<ResumeOptions, 'cacheLogin'>;
  readonly place: Values<typeof PLACE_OPTIONS>;
  readonly show: Values<typeof SHOW_OPTIONS>;
  readonly verb: Values<typeof VERB_OPTIONS>;
}

/**
 * Settles the options of a command from its sources: for each option the strongest source that has it; parameters are
 * merged one by one. What a run is (`RUN_OPTIONS`) comes from all sources when it is planned, but from flags only
 * afterwards: a resume must not depend on what the environment happens to hold that day. But for a password: see `loginOf`.
 */
export function resolveOptions(verb: VerbName, sources: Sources): Settings {
  const all = [sources.flags, sources.environment, sources.dotenv, sources.file];
  const planning = verb === 'run' || verb === 'plan' || verb === 'cache';
  return {
    run: planning ? settle(RUN_OPTIONS, all, true) : { ...settle(RUN_OPTIONS, [sources.flags], false), ...loginOf(sources) },
    place: settle(PLACE_OPTIONS, all, true),
    show: settle(SHOW_OPTIONS, all, true),
    verb: settle(VERB_OPTIONS, [sources.flags], true),
  };
}

/** The cache's URL where it has a password, which a run does not keep: it is asked for again, wherever it is. */
function loginOf({ environment, dotenv, file }: Sources): Pick<ResumeOptions, 'cacheLogin'> {
  const url = strongest(RUN_OPTIONS.cache, [environment, dotenv, file])?.value;
  return typeof url === 'string' && url.includes('@') ? { cacheLogin: url } : {};
}

/** The YAML file that was asked for, if any. */
export function configFile(sources: Omit<Sources, 'file'>): { readonly file: string; readonly given: Given } | undefined {
  const found = strongest(CONFIG_OPTION.config, [sources.flags, sources.environment, sources.dotenv]);
  const file = found && readValue(CONFIG_OPTION.config, found);
  return found && typeof file === 'string' ? { file, given: found } : undefined;
}

function settle<Table extends Readonly<Record<string, Option>>>(
  table: Table,
  sources: readonly Source[],
  neutralAllowed: boolean,
): Values<Table> {
  const settled: [string, unknown][] = [];
  for (const [field, option] of Object.entries(table)) {
    const value = option.kind === 'pairs' ? mergePairs(option, sources) : settleOne(option, sources, neutralAllowed);
    if (value !== undefined) settled.push([field, value]);
  }
  // Checked: each value was read by its option's kind, which is what `Values` says.
  return Object.fromEntries(settled) as Values<Table>;
}

function settleOne(option: Option, sources: readonly Source[], neutralAllowed: boolean): unknown {
  const given = strongest(option, sources);
  if (!given) return undefined;
  const value = readValue(option, given);
  if (value === undefined && !neutralAllowed) {
    throw refuse(given, `${option.neutral} cannot undo what the run recorded`, 'give a value that is large enough instead');
  }
  return value;
}

function mergePairs(option: Option, sources: readonly Source[]): unknown {
  const layers = sources.map((source) => source.get(option)).filter((given) => given !== undefined);
  if (layers.length === 0) return undefined;
  return Object.fromEntries(layers.toReversed().flatMap((given) => Object.entries(readValue(option, given) ?? {})));
}

function strongest(option: Option, sources: readonly Source[]): Given | undefined {
  return sources.map((source) => source.get(option)).find((given) => given !== undefined);
}
