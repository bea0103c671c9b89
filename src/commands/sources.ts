import type { Place } from '../core/errors.ts';
import type { Option } from './option.ts';

/** What one source says about one option. */
export interface Given {
  /** The option as this source calls it: `--shards`, `SHARDYARD_SHARDS`, `shards`. */
  readonly name: string;
  readonly place?: Place;
  /** Its text; several texts where it is repeated; a mapping for the parameters of a YAML file. */
  readonly value: string | readonly string[] | Readonly<Record<string, unknown>>;
}

/** What one source says about all options. */
export type Source = ReadonlyMap<Option, Given>;

/** All sources of options; a flag beats the environment, that beats `.env`, that beats the YAML file. */
export interface Sources {
  readonly flags: Source;
  readonly environment: Source;
  readonly dotenv: Source;
  readonly file: Source;
}
