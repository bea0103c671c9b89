/**
 * A stand-in for an LLM's API: it speaks the real protocols of Gemini and of OpenAI (aimock does), but its strategies are drawn by lot. For
 * trying the worker out without a key or a network, and for tests.
 */
import { type ChatCompletionRequest, LLMock } from '@copilotkit/aimock';
import { type Fault, habitsOf, numbersFrom, type StandIn, type StandInOptions } from './decide.ts';

const SHARES = { limited: 0.02, broken: 0.01, malformed: 0.005, dropped: 0.005 };
const ODD = 0.005;

/**
 * Starts it on 127.0.0.1, in this process; `latency` is 400 ms. Of its answers 2 % are 429, 1 % 500, 0.5 % no JSON, 0.5 % a closed connection,
 * 0.5 % JSON of another shape.
 */
export async function startLlm(options: StandInOptions = {}): Promise<StandIn> {
  const { seed, hasFaults, faults, pause } = habitsOf(options, { latency: 400, shares: SHARES });
  const fates = new WeakMap<ChatCompletionRequest, Fault | 'none'>();
  // Asked once for each kind of answer until one says yes: the first time decides.
  const fateOf = (request: ChatCompletionRequest): Fault | 'none' => {
    const known = fates.get(request) ?? faults.of(promptOf(request)) ?? 'none';
    fates.set(request, known);
    return known;
  };
  const isFated = (fault: Fault) => ({ predicate: (request: ChatCompletionRequest) => fateOf(request) === fault });
  const server = new LLMock({ port: options.port ?? 0, host: '127.0.0.1', logLevel: 'silent', journalMaxEntries: 1 });
  server.on(isFated('limited'), { error: { message: 'Too many requests', type: 'rate_limit_error' }, status: 429, retryAfter: 1 });
  server.on(isFated('broken'), { error: { message: 'The stand-in is out of order', type: 'server_error' }, status: 500 });
  server.on(isFated('malformed'), { content: '' }, { chaos: { malformedRate: 1 } });
  server.on(isFated('dropped'), { content: '' }, { chaos: { disconnectRate: 1 } });
  server.on({ predicate: () => true }, async (request) => {
    const prompt = promptOf(request);
    await pause(prompt);
    const content = answerTo(prompt, { seed, odd: hasFaults ? ODD : 0 });
    return { content, usage: usageOf(prompt, content) };
  });
  await server.start();
  return { url: server.url, close: () => server.stop() };
}

/** A strategy by lot, as JSON; now and then one that does not fit what was asked for. */
function answerTo(prompt: string, { seed, odd }: { seed: string; odd: number }): string {
  const [side = 0, sure = 0, strong = 0, strange = 1] = numbersFrom(seed, 'answer', prompt);
  return JSON.stringify({
    direction: side < 0.35 ? 'LONG' : side < 0.65 ? 'SHORT' : 'HOLD',
    confidence: strange < odd ? 'very' : Math.round((0.5 + sure / 2) * 100) / 100,
    strength: 1 + Math.floor(strong * 10),
    explanation: 'Drawn by lot by the stand-in server: says nothing about any market.',
  });
}

/** Tokens, at four characters each, in OpenAI's names; the server knows Gemini's. */
function usageOf(prompt: string, answer: string): { prompt_tokens: number; completion_tokens: number; total_tokens: number } {
  const [asked, answered] = [Math.ceil(prompt.length / 4), Math.ceil(answer.length / 4)];
  return { prompt_tokens: asked, completion_tokens: answered, total_tokens: asked + answered };
}

function promptOf({ messages }: ChatCompletionRequest): string {
  return JSON.stringify(messages.map(({ role, content }) => [role, content]));
}
