/**
 * A WebSocket as the connection core wants it: opened or closed once, bytes in, bytes out.
 *
 * Not known here: what the bytes say, and when to connect again.
 */

/** What a socket reports. After `closed` nothing follows; after {@link Socket.close} nothing at all. */
export interface SocketEvents {
  opened(): void;
  /** A message; null where it is text, which this protocol does not have. */
  message(bytes: Uint8Array | null): void;
  /** It is closed or could not be opened; with the peer's code, if it sent one. */
  closed(code: number | null, reason: string): void;
}

/** An open or opening socket. */
export interface Socket {
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(): void;
}

/** Opens a socket. */
export type OpenSocket = (events: SocketEvents) => Socket;

/** What is used of a `WebSocket`, so that a test can bring another implementation. */
export interface SocketLike {
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  readonly readyState: number;
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(code?: number): void;
}

/** Code that a browser gives where the peer sent none. */
const NO_STATUS = 1005;
const ABNORMAL = 1006;
const OPEN = 1;
const NORMAL = 1000;

/** Opens sockets of one server with `make`, which is `new WebSocket` in a browser. */
export function sockets(make: () => SocketLike): OpenSocket {
  return (events) => {
    const socket = make();
    socket.binaryType = 'arraybuffer';
    const forget = (): void => {
      socket.onopen = socket.onmessage = socket.onclose = null;
      // A socket that fails after nobody listens any more must not become an unhandled error.
      socket.onerror = () => undefined;
    };
    socket.onopen = () => {
      events.opened();
    };
    socket.onmessage = ({ data }: { readonly data: unknown }) => {
      events.message(data instanceof ArrayBuffer ? new Uint8Array(data) : null);
    };
    socket.onclose = ({ code, reason }: { readonly code: number; readonly reason: string }) => {
      forget();
      events.closed(code === NO_STATUS || code === ABNORMAL ? null : code, reason);
    };
    // A failure is followed by `close`.
    socket.onerror = () => undefined;
    return {
      send: (bytes) => {
        if (socket.readyState === OPEN) socket.send(bytes);
      },
      close: () => {
        forget();
        socket.close(NORMAL);
      },
    };
  };
}

/** The address of a server's socket. */
export function socketUrl(origin: string): string {
  return `${origin.replace(/^http/, 'ws')}/ws`;
}
