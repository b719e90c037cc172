import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Note } from './api';
import { connect } from './facade';
import type { FromWorker, Port, ToWorker } from './facade';

class FakePort implements Port {
  readonly sent: ToWorker[] = [];
  onmessage: Port['onmessage'] = null;
  onerror: Port['onerror'] = null;
  onmessageerror: Port['onmessageerror'] = null;
  ended = false;

  postMessage(message: ToWorker): void {
    this.sent.push(structuredClone(message));
  }

  terminate(): void {
    this.ended = true;
  }

  say(data: FromWorker): void {
    this.onmessage?.({ data });
  }
}

const PLATFORM = { kind: 'local', code: 'platform' };

describe('the facade', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('answers each call with its own answer or failure', async () => {
    const port = new FakePort();
    const { api } = connect(port, 'http://host', 'tab');
    const [server, cast] = [api.server(), api.cast()];
    expect(port.sent).toMatchObject([
      { t: 'init' },
      { t: 'call', id: 1, name: 'server' },
      { t: 'call', id: 2, name: 'cast' },
    ]);
    port.say({ t: 'failed', id: 2, why: { kind: 'offline', code: 'unreachable' } });
    port.say({ t: 'ok', id: 1, value: { demo: true } });
    await expect(server).resolves.toEqual({ demo: true });
    await expect(cast).rejects.toEqual({ kind: 'offline', code: 'unreachable' });
  });

  it('fails every call when the worker dies, and those after it', async () => {
    const port = new FakePort();
    const client = connect(port, 'http://host', 'tab');
    const notes: Note[] = [];
    client.listen((note) => notes.push(note));
    const waiting = client.api.server();
    port.onerror?.({ preventDefault: () => undefined });
    await expect(waiting).rejects.toEqual(PLATFORM);
    await expect(client.api.server()).rejects.toEqual(PLATFORM);
    expect(notes).toEqual([{ t: 'link', link: { state: 'stopped', why: PLATFORM } }]);
  });

  it('does not wait for ever for a worker that says nothing', async () => {
    const port = new FakePort();
    const waiting = connect(port, 'http://host', 'tab').api.server();
    const failed = expect(waiting).rejects.toEqual(PLATFORM);
    await vi.advanceTimersByTimeAsync(80_000);
    await failed;
    expect(port.ended).toBe(true);
  });

  it('waits as long as the worker is alive', async () => {
    const port = new FakePort();
    const waiting = connect(port, 'http://host', 'tab').api.server();
    for (let n = 0; n < 20; n += 1) {
      await vi.advanceTimersByTimeAsync(10_000);
      port.say({ t: 'alive' });
    }
    port.say({ t: 'ok', id: 1, value: 7 });
    await expect(waiting).resolves.toBe(7);
  });

  it('refuses at once what cannot be sent to a worker', async () => {
    const port = new FakePort();
    const { api } = connect(port, 'http://host', 'tab');
    const unclonable = (() => 1) as unknown as string;
    await expect(api.castCode('1', unclonable)).rejects.toEqual(PLATFORM);
  });
});
