import { LocalPort } from '../../src/child/local-port.ts';
import type { Port } from '../../src/child/port.ts';
import { Services } from '../../src/child/services.ts';
import type { CacheSpec } from '../../src/core/cache-spec.ts';
import { addCalls, noCalls } from '../../src/core/call-stats.ts';
import type { CallContext, CallOptions } from '../../src/core/calling.ts';
import type { Permit } from '../../src/core/permit.ts';

/** What a worker finds on `ctx`, in this process, with everything that permits were told. */
export function makeContext(
  signal = new AbortController().signal,
  { cache = { kind: 'memory' }, port = new LocalPort() }: { cache?: CacheSpec; port?: Port } = {},
) {
  const services = new Services({
    settings: { cache, isLimited: false },
    port,
    names: { namespace: 'test', version: 0 },
  });
  const settled: unknown[] = [];
  const permit = async (): Promise<Permit> => ({ waitedMs: 0, settle: (outcome) => settled.push(outcome) });
  const item = { signal, withdrawn: undefined, permit };
  const total = noCalls();
  return {
    settled,
    services,
    cache: services.cache,
    // Tests do not sleep: the pauses are those that the server asks for, or nearly none.
    call: async <T>(options: CallOptions<T>, make: (context: CallContext) => T | Promise<T>): Promise<T> =>
      services.call(item, { backoff: 1, ...options }, make),
    stats: () => {
      addCalls(total, services.takeStats() ?? {});
      return total;
    },
  };
}
