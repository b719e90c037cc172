/**
 * The server as a process of this proof's own: started on a free loopback port with its data in a temporary folder
 * and the demonstration's people in it, killed, restarted on what it left.
 *
 * Not known here: what is said to it.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Milliseconds for the server to take traffic. */
const READY_MS = 30_000;
/** Between two looks whether it does. */
const LOOK_AGAIN_MS = 10;
/** The demonstration, small: the six personas are always made. */
const SMALL = ['--crowd', '2', '--threads', '6'];

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export class Server {
  #program;
  #child = null;
  #settings;
  origin;
  folder;
  kills = 0;

  /** Starts it, with these settings besides its own, and fills it with the demonstration in this size. */
  static async start(program, demo, folder, settings = {}, size = SMALL) {
    const server = new Server();
    server.#program = program;
    server.#settings = settings;
    server.folder = folder;
    server.origin = `http://127.0.0.1:${await freePort()}`;
    mkdirSync(folder, { recursive: true });
    await server.run();
    const token = join(folder, 'data/setup-token');
    await run(demo, ['--server', server.origin, '--setup-token', token, ...size]);
    return server;
  }

  /** Starts it on the data it left; resolves when it takes traffic. */
  async run() {
    const log = openSync(join(this.folder, 'server.log'), 'a');
    const env = {
      PATH: process.env.PATH ?? '',
      RELAIS_SERVER_LISTEN: this.origin.slice('http://'.length),
      RELAIS_SERVER_ORIGIN: this.origin,
      RELAIS_SERVER_DEMO: 'true',
      RELAIS_DATA_DIR: join(this.folder, 'data'),
      RELAIS_DATA_KEYS_DIR: join(this.folder, 'keys'),
      RELAIS_LOG_LEVEL: 'trace',
      ...this.#settings,
    };
    this.#child = spawn(this.#program, ['serve'], { env, stdio: ['ignore', log, log] });
    const end = performance.now() + READY_MS;
    while (!(await fetch(`${this.origin}/readyz`).catch(() => null))?.ok) {
      if (this.#child.exitCode !== null)
        throw new Error(`the server ended at once (${this.#child.exitCode})`);
      if (performance.now() > end) throw new Error(`the server was not ready within ${READY_MS} ms`);
      await pause(LOOK_AGAIN_MS);
    }
  }

  /** SIGKILL; resolves when it is gone. */
  async kill() {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    this.kills += 1;
  }
}
