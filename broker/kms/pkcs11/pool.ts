import { fork, type ChildProcess } from 'node:child_process';
import { KmsError } from '../provider.ts';
import type { HsmAnswer, HsmCall, Ready } from './messages.ts';

/** Calls that wait for a process; each has its own deadline. */
const MAX_WAITING = 1_024;

/** After these the session is as it was; after any other failure it may be anything, and a new process starts afresh. */
const HARMLESS =
  /^(NO_KEY|SEVERAL_KEYS|NOT_AUTHENTIC|CKR_KEY_|CKR_OBJECT_HANDLE_INVALID|CKR_ENCRYPTED_DATA_)/;

export interface HsmPoolOptions {
  /** The script that each process runs. */
  readonly script: URL;
  readonly modulePath: string;
  readonly maxProcesses: number;
}

interface Job {
  readonly call: HsmCall;
  readonly timeoutMs: number;
  readonly resolve: (answer: HsmAnswer) => void;
  readonly reject: (error: KmsError) => void;
}

/** Processes that each do one HSM call at a time. One whose call outlives its deadline is killed, and replaced when needed. */
export class HsmPool {
  readonly #options: HsmPoolOptions;
  readonly #all = new Set<HsmWorker>();
  readonly #idle: HsmWorker[] = [];
  readonly #waiting: Job[] = [];
  #closed = false;

  constructor(options: HsmPoolOptions) {
    this.#options = options;
  }

  /**
   * @param signal the caller has gone; a call under way goes on until its deadline
   * @throws KmsError UNREACHABLE, THROTTLED
   */
  run(call: HsmCall, timeoutMs: number, signal: AbortSignal): Promise<HsmAnswer> {
    if (this.#closed || signal.aborted) return Promise.reject(stopped());
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(new KmsError('THROTTLED', 'too many calls wait for the HSM'));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ call, timeoutMs, resolve, reject });
      signal.addEventListener('abort', () => this.#forget(call), { once: true });
      this.#dispatch();
    });
  }

  /** Kills every process; calls under way fail. */
  close(): void {
    this.#closed = true;
    for (const job of this.#waiting.splice(0)) job.reject(stopped());
    for (const worker of this.#all) worker.kill();
  }

  #forget(call: HsmCall): void {
    const index = this.#waiting.findIndex((job) => job.call === call);
    if (index < 0) return;
    const [job] = this.#waiting.splice(index, 1);
    job?.call.bytes.fill(0);
    job?.reject(new KmsError('UNREACHABLE', 'the HSM was too busy'));
  }

  #dispatch(): void {
    while (this.#waiting.length > 0 && !this.#closed) {
      const worker = this.#idle.pop() ?? this.#start();
      const job = worker && this.#waiting.shift();
      if (!job) return;
      void worker.perform(job).then(() => {
        if (worker.usable) this.#idle.push(worker);
        this.#dispatch();
      });
    }
  }

  #start(): HsmWorker | null {
    if (this.#all.size >= this.#options.maxProcesses) return null;
    const worker = new HsmWorker(this.#options, () => {
      this.#all.delete(worker);
      const index = this.#idle.indexOf(worker);
      if (index >= 0) this.#idle.splice(index, 1);
      this.#dispatch();
    });
    this.#all.add(worker);
    return worker;
  }
}

class HsmWorker {
  readonly #child: ChildProcess;
  readonly #ready: Promise<'ready'>;
  #onAnswer: ((answer: HsmAnswer) => void) | null = null;
  #onEnd: (() => void) | null = null;
  #alive = true;
  #killed = false;

  constructor({ script, modulePath }: HsmPoolOptions, onExit: () => void) {
    this.#child = fork(script, [modulePath], {
      // The library finds its own settings in the environment; ours, with their secrets, are none of its business.
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CMK_'))),
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.unref();
    this.#child.channel?.unref();
    this.#ready = new Promise((resolve) => {
      this.#child.on('message', (message: Ready | HsmAnswer) => {
        if (message.kind === 'ready') resolve('ready');
        else this.#onAnswer?.(message);
      });
    });
    const end = () => {
      if (!this.#alive) return;
      this.#alive = false;
      this.#onEnd?.();
      onExit();
    };
    this.#child.on('exit', end);
    this.#child.on('error', end);
  }

  get usable(): boolean {
    return this.#alive && !this.#killed;
  }

  /** Never rejects: the job does. */
  async perform({ call, timeoutMs, resolve, reject }: Job): Promise<void> {
    this.#child.ref();
    const ended = new Promise<'ended'>((done) => {
      this.#onEnd = () => done('ended');
      if (!this.#alive) done('ended');
    });
    const timer = setTimeout(() => this.kill(), timeoutMs);
    const answered = new Promise<HsmAnswer>((done) => (this.#onAnswer = done));
    try {
      const started = await Promise.race([this.#ready, ended]);
      if (started !== 'ended') this.#child.send(call, () => call.bytes.fill(0));
      const outcome = await Promise.race([answered, ended]);
      if (outcome === 'ended')
        reject(new KmsError('UNREACHABLE', 'the HSM did not answer, or its library failed'));
      else resolve(outcome);
      if (outcome !== 'ended' && outcome.kind === 'failure' && !HARMLESS.test(outcome.failure.code))
        this.kill();
    } finally {
      clearTimeout(timer);
      this.#onAnswer = null;
      this.#onEnd = null;
      call.bytes.fill(0);
      this.#child.unref();
    }
  }

  kill(): void {
    this.#killed = true;
    this.#child.kill('SIGKILL');
  }
}

function stopped(): KmsError {
  return new KmsError('UNREACHABLE', 'the call was given up before it reached the HSM');
}
