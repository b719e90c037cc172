/**
 * The server and native clients as processes, for tests that need the real thing: `RELAIS_BIN` names the server, the
 * native client lies beside it.
 */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/** The server's program; empty: tests that need it are skipped, and say so. */
export const RELAIS_BIN = process.env['RELAIS_BIN'] ?? '';

const run = promisify(execFile);

/** Milliseconds for anything that a real server does. */
export const PATIENCE_MS = 60_000;

/** Waits until something holds. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  ms = PATIENCE_MS,
): Promise<NonNullable<T>> {
  const end = performance.now() + ms;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end) throw new Error(`${what} did not happen within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address) resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}

/** A server of this test's own, in demonstration mode, with its data in a temporary folder. */
export class Server {
  readonly origin: string;
  readonly folder: string;
  #child: ChildProcess | null = null;

  private constructor(port: number) {
    this.origin = `http://127.0.0.1:${port}`;
    this.folder = mkdtempSync(join(tmpdir(), 'relais-web-'));
  }

  static async start(): Promise<Server> {
    const server = new Server(await freePort());
    await server.run();
    return server;
  }

  /** Starts it on the data it left. */
  async run(): Promise<void> {
    const log = openSync(join(this.folder, 'server.log'), 'a');
    const env = {
      PATH: process.env['PATH'] ?? '',
      RELAIS_SERVER_LISTEN: this.origin.slice('http://'.length),
      RELAIS_SERVER_ORIGIN: this.origin,
      RELAIS_SERVER_DEMO: 'true',
      RELAIS_SERVER_OPEN_REGISTRATION: 'true',
      RELAIS_DATA_DIR: join(this.folder, 'data'),
      RELAIS_DATA_KEYS_DIR: join(this.folder, 'keys'),
    };
    this.#child = spawn(RELAIS_BIN, ['serve'], { env, stdio: ['ignore', log, log] });
    await until('the server', async () => (await fetch(`${this.origin}/readyz`).catch(() => null))?.ok);
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  async end(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A person with the native client. */
export class Native {
  readonly #server: Server;
  readonly #name: string;
  #bot: ChildProcess | null = null;
  #thread: string | null = null;
  /** What the bot has said. */
  readonly said: Record<string, unknown>[] = [];

  constructor(server: Server, name: string) {
    this.#server = server;
    this.#name = name;
  }

  private get args(): string[] {
    return ['--json', '--server', this.#server.origin, '--home', join(this.#server.folder, this.#name)];
  }

  /** Runs a command; answers its JSON lines. One program at a time uses a folder, so the bot rests meanwhile. */
  async run(...command: string[]): Promise<Record<string, unknown>[]> {
    const thread = await this.#rest();
    try {
      const { stdout } = await run(cli(), [...this.args, ...command], { timeout: PATIENCE_MS });
      return stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [parse(line)] : []));
    } finally {
      if (thread !== null) this.bot(thread);
    }
  }

  /** Ends the bot; answers the thread it was in. */
  async #rest(): Promise<string | null> {
    const bot = this.#bot;
    if (bot === null) return null;
    const ended = new Promise((resolve) => bot.once('exit', resolve));
    this.end();
    await ended;
    return this.#thread;
  }

  /** Registers; answers the user's id. */
  async register(): Promise<string> {
    const email = `${this.#name}@example.org`;
    const enter = ['--email', email, '--password', PASSWORD, '--dev-mail', '--name', this.#name];
    const [made] = await this.run('register', ...enter);
    return String(made?.['user']);
  }

  /** Stays connected and sends to a thread what {@link say} is given. */
  bot(thread: string): void {
    const child = spawn(cli(), [...this.args, 'bot', '--thread', thread], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    createInterface({ input: child.stdout }).on('line', (line) => this.said.push(parse(line)));
    this.#bot = child;
    this.#thread = thread;
  }

  say(text: string): void {
    this.#bot?.stdin?.write(`${text}\n`);
  }

  end(): void {
    this.#bot?.kill('SIGKILL');
    this.#bot = null;
  }
}

/** The password of everybody in these tests. */
export const PASSWORD = 'correct horse battery staple';

const cli = (): string => join(dirname(RELAIS_BIN), 'relais-cli');

function parse(line: string): Record<string, unknown> {
  return JSON.parse(line) as Record<string, unknown>;
}
