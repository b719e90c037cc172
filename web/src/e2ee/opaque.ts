/**
 * The client's half of the password protocol: OPAQUE (RFC 9807) by `@serenity-kit/opaque` (ristretto255-SHA512,
 * TripleDH, Argon2id; WebAssembly inside). The parameters are those of docs/PROTOCOL.md §9.
 *
 * The server cannot choose the stretching: there is one, fixed here, and a server that announces any other is refused
 * before the password is touched. Each `finish` takes about a second of one core and 64 MiB: call it in the worker.
 *
 * Messages are bytes as they travel. Not known here: second factors, sessions, vaults.
 */
import { client, ready } from '@serenity-kit/opaque';
import { hex, utf8, type Hex } from '../wire/bytes';
import type { Ksf } from '../wire/gen/wire';
import { demand, deny } from './error';
import { PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN } from './limits';

/** Version 1's stretching: 64 MiB, 3 passes, 4 lanes. */
export const KSF_V1: Ksf = { memory_kib: 65_536, passes: 3, lanes: 4 };

const STRETCHING = {
  'argon2id-custom': { memory: KSF_V1.memory_kib, iterations: KSF_V1.passes, parallelism: KSF_V1.lanes },
};

/** Whom the protocol is run between, and the stretching the server announced with its answer. */
export interface OpaqueIdentity {
  /** The account, as the server names it in its first answer. */
  readonly user: Hex;
  /** The instance's origin, as the client itself knows it. */
  readonly origin: string;
  /** From the server's answer; refused unless it is version 1's. */
  readonly ksf: Ksf;
}

/** What a registration gives. The export key opens the vault's password wrap; the caller wipes it. */
export interface Registered {
  /** `RegistrationUpload`, for the server. */
  readonly upload: Uint8Array;
  readonly exportKey: Uint8Array;
  /** The server's key, to pin. */
  readonly serverKey: Uint8Array;
}

/** What a sign-in gives. */
export interface SignedIn {
  /** `CredentialFinalization` (KE3), for the server. */
  readonly finalization: Uint8Array;
  readonly exportKey: Uint8Array;
  /** The server's key: to be compared with the one in the vault once that is open (`Account.checkServerKey`). */
  readonly serverKey: Uint8Array;
}

/** One keyboard types é as one character, another as two: both are one password. */
function normalized(password: string): string {
  demand(utf8(password).length <= PASSWORD_BYTES_MAX, 'TooLong');
  return password.normalize('NFC');
}

function checkKsf({ ksf }: OpaqueIdentity): void {
  const same =
    ksf.memory_kib === KSF_V1.memory_kib && ksf.passes === KSF_V1.passes && ksf.lanes === KSF_V1.lanes;
  demand(same, 'KsfRefused');
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function toBase64(bytes: Uint8Array): string {
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** A registration (or change of password) under way: start, send `request`, then {@link Registering.finish}. */
export class Registering {
  private constructor(
    /** `RegistrationRequest`, to send. */
    readonly request: Uint8Array,
    private readonly state: string,
    private readonly password: string,
  ) {}

  /** Refuses with `PasswordTooShort` or `TooLong`. */
  static async start(password: string): Promise<Registering> {
    demand(Array.from(password).length >= PASSWORD_CHARS_MIN, 'PasswordTooShort');
    const text = normalized(password);
    await ready;
    const started = client.startRegistration({ password: text });
    return new Registering(fromBase64(started.registrationRequest), started.clientRegistrationState, text);
  }

  /** Ends with the server's `RegistrationResponse`; refuses with `KsfRefused` or `OpaqueMalformed`. */
  finish(response: Uint8Array, identity: OpaqueIdentity): Registered {
    checkKsf(identity);
    try {
      const done = client.finishRegistration({
        password: this.password,
        registrationResponse: toBase64(response),
        clientRegistrationState: this.state,
        identifiers: { client: identity.user, server: identity.origin },
        keyStretching: STRETCHING,
      });
      return {
        upload: fromBase64(done.registrationRecord),
        exportKey: fromBase64(done.exportKey),
        serverKey: fromBase64(done.serverStaticPublicKey),
      };
    } catch {
      return deny('OpaqueMalformed');
    }
  }
}

/** A sign-in under way: start, send `request`, then {@link SigningIn.finish}. */
export class SigningIn {
  private constructor(
    /** `CredentialRequest` (KE1), to send. */
    readonly request: Uint8Array,
    private readonly state: string,
    private readonly password: string,
  ) {}

  /** Refuses with `TooLong`. */
  static async start(password: string): Promise<SigningIn> {
    const text = normalized(password);
    await ready;
    const started = client.startLogin({ password: text });
    return new SigningIn(fromBase64(started.startLoginRequest), started.clientLoginState, text);
  }

  /**
   * Ends with the server's `CredentialResponse` (KE2). `pinned` is the server's key where this device remembers it.
   * Refuses with `KsfRefused`, `WrongPassword` (also for an unknown login), `OpaqueMalformed`, `ServerKeyChanged`.
   */
  finish(response: Uint8Array, identity: OpaqueIdentity, pinned: Uint8Array | null): SignedIn {
    checkKsf(identity);
    let done: ReturnType<typeof client.finishLogin>;
    try {
      done = client.finishLogin({
        password: this.password,
        loginResponse: toBase64(response),
        clientLoginState: this.state,
        identifiers: { client: identity.user, server: identity.origin },
        keyStretching: STRETCHING,
      });
    } catch {
      return deny('OpaqueMalformed');
    }
    if (done === undefined) return deny('WrongPassword');
    const serverKey = fromBase64(done.serverStaticPublicKey);
    demand(pinned === null || hex(pinned) === hex(serverKey), 'ServerKeyChanged');
    return {
      finalization: fromBase64(done.finishLoginRequest),
      exportKey: fromBase64(done.exportKey),
      serverKey,
    };
  }
}
