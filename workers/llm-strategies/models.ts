/** Where strategies come from: Gemini, an endpoint that speaks OpenAI's protocol, or the stand-in. */

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

/**
 * Chooses by what is asked for, else by the keys that are set in the environment or in `.env`. The SDK that is needed is loaded only now.
 *
 * @throws Error when the key that is needed is missing, or a base URL is none.
 */
export async function connect({ provider, model }: Choice): Promise<Model> {
  readDotEnv();
  const chosen = provider ?? (keyOf('gemini') ? 'gemini' : keyOf('openai') || address('OPENAI_BASE_URL') ? 'openai' : 'stand-in');
  if (chosen === 'gemini') return gemini(model, { key: needed('gemini'), url: address('GEMINI_BASE_URL') });
  if (chosen === 'openai') {
    const url = address('OPENAI_BASE_URL');
    return openai(model, { key: url === undefined ? needed('openai') : (keyOf('openai') ?? 'none'), url });
  }
  const { startLlm } = await import('../stand-in/llm.ts');
  const server = await startLlm();
  const standIn = await gemini(model, { key: 'none', url: server.url });
  return {
    ...standIn,
    name: `stand-in ${standIn.name}`,
    about: `no GEMINI_API_KEY or OPENAI_API_KEY is set: a STAND-IN on ${server.url} draws strategies by lot`,
    close: () => server.close(),
  };
}

interface Access {
  readonly key: string;
  readonly url: string | undefined;
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
      const answer = await client.models.generateContent({ model, contents: prompt, config });
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
      const answer = await client.chat.completions.create(
        {
          model,
          messages: [{ role: 'user', content: prompt }],
          response_format: { type: 'json_schema', json_schema: { name: 'strategy', strict: true, schema: { ...schema } } },
        },
        { signal },
      );
      return { text: answer.choices[0]?.message.content ?? '', tokens: answer.usage?.total_tokens };
    },
    close: async () => {},
  };
}

const nameOf = (model: string, url: string | undefined): string => (url === undefined ? model : `${model} ${new URL(url).host}`);

function keyOf(provider: 'gemini' | 'openai'): string | undefined {
  const { GEMINI_API_KEY, GOOGLE_API_KEY, OPENAI_API_KEY } = process.env;
  return (provider === 'gemini' ? GEMINI_API_KEY || GOOGLE_API_KEY : OPENAI_API_KEY) || undefined;
}

function needed(provider: 'gemini' | 'openai'): string {
  const name = provider === 'gemini' ? 'GEMINI_API_KEY' : 'OPENAI_API_KEY';
  const key = keyOf(provider);
  if (key === undefined) throw new Error(`${name} is not set: put it into the environment or into .env, or take --param provider=stand-in`);
  return key;
}

function address(name: 'GEMINI_BASE_URL' | 'OPENAI_BASE_URL'): string | undefined {
  const value = process.env[name];
  if (!value) return undefined;
  if (!/^https?:$/.test(URL.parse(value)?.protocol ?? '')) throw new Error(`${name}=${value} is no address: write it as https://host/v1`);
  return value;
}

/** What is in the environment already is kept. */
function readDotEnv(): void {
  try {
    process.loadEnvFile();
  } catch {
    // There is none.
  }
}
