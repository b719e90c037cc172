/**
 * Bytes over HTTP: a request's frame there and a reply's frame back; ciphertext of files.
 *
 * Not known here: what the bytes say, and who may ask for them.
 */

/** What came of an exchange. `status` says nothing about the answer of a frame, which says it itself. */
export type Exchange =
  | { readonly t: 'answered'; readonly status: number; readonly bytes: Uint8Array<ArrayBuffer> }
  /** It was not sent, or no answer came: it may or may not have been done. */
  | { readonly t: 'lost' }
  /** More than was asked for. */
  | { readonly t: 'tooLarge' };

/** One exchange. */
export interface Ask {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Path with query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer> | null;
  /** Longest answer that is read, in bytes. */
  readonly max: number;
  /** Milliseconds until it is given up. */
  readonly timeout: number;
}

/** Asks a server. */
export type Http = (ask: Ask) => Promise<Exchange>;

/** Asks the server at `origin` with the platform's `fetch`. Nothing is cached, no cookie is sent. */
export function fetcher(origin: string): Http {
  return async ({ method, path, headers, body, max, timeout }) => {
    const abort = new AbortController();
    const timer = setTimeout(() => {
      abort.abort();
    }, timeout);
    try {
      const response = await fetch(`${origin}${path}`, {
        method,
        headers,
        body,
        signal: abort.signal,
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
        referrerPolicy: 'no-referrer',
      });
      const bytes = await limited(response, max);
      return bytes ? { t: 'answered', status: response.status, bytes } : { t: 'tooLarge' };
    } catch {
      return { t: 'lost' };
    } finally {
      clearTimeout(timer);
    }
  };
}

async function limited(response: Response, max: number): Promise<Uint8Array<ArrayBuffer> | null> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > max) {
      await reader.cancel();
      return null;
    }
    parts.push(value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
