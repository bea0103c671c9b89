/**
 * `npm run stand-in -- llm` or `prices`: the stand-in as a server of its own, for several processes at once, with a limit if you like. Ends with
 * Ctrl-C.
 */
import { parseArgs } from 'node:util';
import { startLlm } from './llm.ts';
import { startPrices } from './prices.ts';

const USE = 'give llm or prices, and perhaps --port 4010 --latency 400 --limit 50 --even --no-faults --seed TEXT';

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: 'string', default: '4010' },
      latency: { type: 'string' },
      limit: { type: 'string' },
      seed: { type: 'string' },
      'no-faults': { type: 'boolean', default: false },
      even: { type: 'boolean', default: false },
    },
  });
  const number = (name: 'port' | 'latency' | 'limit'): number | undefined => {
    const value = values[name];
    if (value !== undefined && !/^\d+$/.test(value)) throw new Error(`--${name} ${value} is no whole number`);
    return value === undefined ? undefined : Number(value);
  };
  const [latency, limit] = [number('latency'), number('limit')];
  const options = {
    port: number('port') ?? 0,
    hasFaults: !values['no-faults'],
    isEven: values.even,
    ...(latency === undefined ? {} : { latency }),
    ...(limit === undefined ? {} : { limit }),
    ...(values.seed === undefined ? {} : { seed: values.seed }),
  };
  const [kind] = positionals;
  if (kind !== 'llm' && kind !== 'prices') throw new Error(`there is no stand-in ${kind ?? ''}`);
  const { url } = await (kind === 'llm' ? startLlm(options) : startPrices(options));
  console.log(
    kind === 'llm'
      ? `GEMINI_API_KEY=none GEMINI_BASE_URL=${url}\nOPENAI_API_KEY=none OPENAI_BASE_URL=${url}/v1`
      : `--param 'source=${url}/daily?symbol={symbol}&from={from}&until={until}'`,
  );
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}: ${USE}`);
  process.exitCode = 2;
}
