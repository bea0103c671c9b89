/** Where strategies come from: Gemini, an endpoint that speaks OpenAI's protocol, or the stand-in. */
import { readDotEnv, withoutKey } from '../shared/secrets.ts';

/** A model that answers prompts. */
export interface Model {
  /** What identifies its answers in the cache: same name, same answers. */
  readonly name: string;
  /** Who answers, for the log and for errors. */
  readonly about: string;
  /** The environment variable that its key is in. */
  readonly keyName: string;
  readonly ask: (question: Question) => Promise<Answer>;
  readonly close: () => Promise<void>;
}

interface Question {
  readonly prompt: string;
  /** JSON Schema of the answer. */
  readonly schema: object;
  readonly signal: AbortSignal;
}

/** JSON as text, and the tokens of prompt and answer together. */
interface Answer {
  readonly text: string;
  readonly tokens: number | undefined;
}

export const PROVIDERS = ['gemini', 'openai', 'stand-in'] as const;
type Provider = (typeof PROVIDERS)[number];

interface Choice {
  readonly provider?: Provider | undefined;
  readonly model?: string | undefined;
}

/** What is wrong with the keys and addresses that are set, in the environment or in `.env`. */
export function accessProblem({ provider }: Choice): string | undefined {
  readDotEnv();
  try {
    accessOf(provider);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Chooses by what is asked for, else by the keys and addresses that are set. The SDK that is needed is loaded only now.
 *
 * @throws Error when the key that is needed is missing, or a base URL is none.
 */
export async function connect({ provider, model }: Choice): Promise<Model> {
  readDotEnv();
  const access = accessOf(provider);
  if (access.provider === 'gemini') return gemini(model, access);
  if (access.provider === 'openai') return openai(model, access);
  const { startLlm } = await import('../stand-in/llm.ts');
  const server = await startLlm();
  const standIn = await gemini(model, { key: 'none', url: server.url });
  return {
    ...standIn,
    // The port is another one in every process; the answers are the same.
    name: 'stand-in',
    about: `no GEMINI_API_KEY or OPENAI_API_KEY is set: a STAND-IN on ${server.url} draws strategies by lot`,
    close: () => server.close(),
  };
}

interface Access {
  readonly key: string;
  readonly url: string | undefined;
}

function accessOf(wanted: Provider | undefined): Access & { readonly provider: Provider } {
  const { GEMINI_API_KEY, GOOGLE_API_KEY, OPENAI_API_KEY } = process.env;
  const keys = { gemini: GEMINI_API_KEY || GOOGLE_API_KEY || '', openai: OPENAI_API_KEY || '', 'stand-in': 'none' };
  const urls = { gemini: address('GEMINI_BASE_URL'), openai: address('OPENAI_BASE_URL'), 'stand-in': undefined };
  const provider = wanted ?? (['gemini', 'openai'] as const).find((name) => keys[name] !== '' || urls[name] !== undefined) ?? 'stand-in';
  const [key, url] = [keys[provider], urls[provider]];
  // A server of one's own needs none.
  if (key !== '' || url !== undefined) return { provider, key: key || 'none', url };
  const name = provider === 'gemini' ? 'GEMINI_API_KEY' : 'OPENAI_API_KEY';
  throw new Error(`${name} is not set: put it into the environment or into .env, or take --param provider=stand-in`);
}

async function gemini(model = 'gemini-2.5-flash', { key, url }: Access): Promise<Model> {
  // The SDK without the logins of Google's cloud: a sixth of the time to load, in every child.
  const { GoogleGenAI } = await import('@google/genai/web');
  // The version of the API that has `responseJsonSchema`.
  const client = new GoogleGenAI({ apiKey: key, apiVersion: 'v1beta', ...(url === undefined ? {} : { httpOptions: { baseUrl: url } }) });
  return {
    name: nameOf(model, url),
    about: `${model}${url === undefined ? '' : ` at ${url}`}`,
    keyName: 'GEMINI_API_KEY',
    ask: async ({ prompt, schema, signal }) => {
      const config = { abortSignal: signal, responseMimeType: 'application/json', responseJsonSchema: schema };
      const answer = await client.models.generateContent({ model, contents: prompt, config }).catch((error: unknown) => {
        throw withoutKey(error, key);
      });
      return { text: answer.text ?? '', tokens: answer.usageMetadata?.totalTokenCount };
    },
    close: async () => {},
  };
}

async function openai(model = 'gpt-4.1-mini', { key, url }: Access): Promise<Model> {
  const { default: OpenAI } = await import('openai');
  // Trying again is up to `ctx.call`, where every try has its permit.
  const client = new OpenAI({ apiKey: key, baseURL: url ?? null, maxRetries: 0 });
  return {
    name: nameOf(model, url),
    about: `${model}${url === undefined ? '' : ` at ${url}`}`,
    keyName: 'OPENAI_API_KEY',
    ask: async ({ prompt, schema, signal }) => {
      const asked = client.chat.completions.create(
        {
          model,
          messages: [{ role: 'user', content: prompt }],
          response_format: { type: 'json_schema', json_schema: { name: 'strategy', strict: true, schema: { ...schema } } },
        },
        { signal },
      );
      const answer = await asked.catch((error: unknown) => {
        throw withoutKey(error, key);
      });
      return { text: answer.choices[0]?.message.content ?? '', tokens: answer.usage?.total_tokens };
    },
    close: async () => {},
  };
}

const nameOf = (model: string, url: string | undefined): string => (url === undefined ? model : `${model} ${new URL(url).host}`);

function address(name: 'GEMINI_BASE_URL' | 'OPENAI_BASE_URL'): string | undefined {
  const value = process.env[name];
  if (!value) return undefined;
  if (!/^https?:$/.test(URL.parse(value)?.protocol ?? '')) throw new Error(`${name}=${value} is no address: write it as https://host/v1`);
  return value;
}
