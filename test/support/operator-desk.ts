import type { ExecutionContext } from 'ava';
import { brokerWorld, type BrokerWorld } from './broker-world.ts';
import { runCmk, type RunResult, type Terminals } from './fake-terminal.ts';
import { TOKEN } from './settings.ts';

/** An operator with a broker and the `cmk admin` command. */
export interface OperatorDesk {
  readonly world: BrokerWorld;
  readonly env: NodeJS.ProcessEnv;
  /** Runs `cmk admin …` where there is no terminal. */
  readonly admin: (...args: string[]) => Promise<RunResult>;
  /** Runs it on a terminal, where somebody types this. */
  readonly typing: (text: string, ...args: string[]) => Promise<RunResult>;
  /** What a command prints in words; it must succeed. */
  readonly words: (...args: string[]) => Promise<string>;
  /** What a command prints with `--json`; it must succeed. */
  readonly json: (...args: string[]) => Promise<unknown>;
}

const TERMINALS: Terminals = { stdin: true, stderr: true };

export async function operatorDesk(
  t: ExecutionContext,
  settings: Record<string, string> = {},
): Promise<OperatorDesk> {
  const world = await brokerWorld(t, settings);
  const env = { CMK_ADMIN_TOKEN: TOKEN, CMK_BROKER_URL: `http://127.0.0.1:${world.broker.adminPort}` };
  const admin: OperatorDesk['admin'] = (...args) => runCmk(['admin', ...args], { env });
  const succeeding = async (args: string[]) => {
    const { code, stdout, stderr } = await admin(...args);
    t.is(code, 0, stderr);
    return stdout.toString();
  };
  return {
    world,
    env,
    admin,
    typing: (text, ...args) =>
      runCmk(['admin', ...args], { env, terminals: TERMINALS, input: Buffer.from(text) }),
    words: (...args) => succeeding(args),
    json: async (...args) => JSON.parse(await succeeding([...args, '--json'])) as unknown,
  };
}
