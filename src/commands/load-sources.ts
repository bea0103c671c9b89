import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { UserError } from '../core/errors.ts';
import { lineOfVariable, readEnvironment } from './environment.ts';
import { configFile } from './resolve.ts';
import { refuse } from './values.ts';
import type { Source, Sources } from './sources.ts';

const DOTENV = '.env';
const CONFIG = 'shardyard.yaml';

/** Reads what the environment, `.env` and the YAML file in the current folder say beside the flags. */
export async function loadSources(flags: Source): Promise<Sources> {
  const known = { flags, environment: readEnvironment(process.env), dotenv: readDotenv() };
  const asked = configFile(known);
  const file = asked?.file ?? (existsSync(CONFIG) ? CONFIG : undefined);
  if (file === undefined) return { ...known, file: new Map() };
  const text = readText(file, (why) => (asked ? refuse(asked.given, why, 'name a YAML file') : new UserError(why)));
  // Only here, because most commands are given without a file and the YAML parser takes a while to load.
  const { readConfig } = await import('./config-file.ts');
  return { ...known, file: readConfig(text, file) };
}

function readDotenv(): Source {
  if (!existsSync(DOTENV)) return new Map();
  const text = readText(DOTENV, (why) => new UserError(why));
  return readEnvironment(parseEnv(text), (name) => {
    const line = lineOfVariable(text, name);
    return line === undefined ? { file: DOTENV } : { file: DOTENV, line };
  });
}

function readText(file: string, fail: (why: string) => UserError): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw fail(`cannot read ${file} (${error instanceof Error && 'code' in error ? String(error.code) : String(error)})`);
  }
}
