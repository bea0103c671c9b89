import { CONFIG_OPTION, PLACE_OPTIONS, SHOW_OPTIONS, VERB_OPTIONS } from './other-options.ts';
import { RUN_OPTIONS } from './options.ts';
import type { Option, VerbName } from './option.ts';

/** Every option, for lookups by flag. */
export const ALL_OPTIONS: readonly Option[] = [RUN_OPTIONS, PLACE_OPTIONS, SHOW_OPTIONS, CONFIG_OPTION, VERB_OPTIONS].flatMap((table) =>
  Object.values<Option>(table),
);

/** What the environment may set. */
export const ENVIRONMENT_OPTIONS: readonly Option[] = [RUN_OPTIONS, PLACE_OPTIONS, SHOW_OPTIONS, CONFIG_OPTION].flatMap((table) =>
  Object.values<Option>(table),
);

/** What a YAML file may set. */
export const FILE_OPTIONS: readonly Option[] = [RUN_OPTIONS, PLACE_OPTIONS, SHOW_OPTIONS].flatMap((table) => Object.values<Option>(table));

/** The flags of a verb, in the order of the help text. */
export function optionsOf(verb: VerbName): Option[] {
  return [VERB_OPTIONS, RUN_OPTIONS, PLACE_OPTIONS, SHOW_OPTIONS, CONFIG_OPTION]
    .flatMap((table) => Object.values<Option>(table))
    .filter((option) => option.verbs.includes(verb));
}
