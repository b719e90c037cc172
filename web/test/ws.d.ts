/** What is used of `ws`: Node 20 has no `WebSocket` of its own. */
declare module 'ws' {
  import type { SocketLike } from '../src/platform/socket';

  /** A client socket. */
  const Socket: new (url: string, protocol: string, options: { perMessageDeflate: false }) => SocketLike;
  export default Socket;
}
