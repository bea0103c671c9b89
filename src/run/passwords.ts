import type { RunSettings } from '../store/manifest.ts';

/** What a manifest keeps of the settings of a run: no passwords. A session that needs one is given it again. */
export function withoutPasswords(settings: RunSettings): RunSettings {
  const { budgets, cache } = settings;
  return {
    ...settings,
    ...(cache === undefined ? {} : { cache: withoutPassword(cache) }),
    ...(budgets?.redis === undefined ? {} : { budgets: { ...budgets, redis: withoutPassword(budgets.redis) } }),
  };
}

/** A recorded cache with its password, where what is given is the same place. */
export function withLogin(cache: string | undefined, login: string | undefined): string | undefined {
  return login !== undefined && cache === withoutPassword(login) ? login : cache;
}

/** `redis://user:password@host` as `redis://user@host`, and `redis://:password@host` as `redis://host`; anything else as it is. */
function withoutPassword(url: string): string {
  return url.replace(
    /^([a-z][\w+.-]*:\/\/)([^:@/]*):[^@/]*@/i,
    (_, scheme: string, user: string) => scheme + (user === '' ? '' : `${user}@`),
  );
}
