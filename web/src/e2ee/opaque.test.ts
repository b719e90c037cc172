/** The password protocol against the server's half of the same library, and what a lying server meets. */
import { ready, server } from '@serenity-kit/opaque';
import { beforeAll, describe, expect, it } from 'vitest';
import { hex } from '../wire/bytes';
import {
  KSF_V1,
  Registering,
  SigningIn,
  type OpaqueIdentity,
  type Registered,
  type SignedIn,
} from './opaque';

const PASSWORD = 'correct horse battery é';
const IDENTITY: OpaqueIdentity = { user: 'ab'.repeat(16), origin: 'https://relais.example', ksf: KSF_V1 };
const NAMES = { client: IDENTITY.user, server: IDENTITY.origin };

const toBase64 = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
const fromBase64 = (text: string): Uint8Array =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) =>
    character.charCodeAt(0),
  );

let setup: string;
let registered: Registered;

function registration(request: Uint8Array): Uint8Array {
  const { registrationResponse } = server.createRegistrationResponse({
    serverSetup: setup,
    userIdentifier: IDENTITY.user,
    registrationRequest: toBase64(request),
  });
  return fromBase64(registrationResponse);
}

async function signIn(
  password: string,
  options: {
    names?: typeof NAMES;
    identity?: OpaqueIdentity;
    pinned?: Uint8Array;
    setup?: string;
    garble?: boolean;
  } = {},
): Promise<SignedIn> {
  const login = await SigningIn.start(password);
  const { loginResponse, serverLoginState } = server.startLogin({
    serverSetup: options.setup ?? setup,
    userIdentifier: IDENTITY.user,
    registrationRecord: toBase64(registered.upload),
    startLoginRequest: toBase64(login.request),
    identifiers: options.names ?? NAMES,
  });
  const response = fromBase64(loginResponse);
  const sent = options.garble === true ? response.subarray(1) : response;
  const done = login.finish(sent, options.identity ?? IDENTITY, options.pinned ?? null);
  server.finishLogin({
    serverLoginState,
    finishLoginRequest: toBase64(done.finalization),
    identifiers: options.names ?? NAMES,
  });
  return done;
}

describe('the password protocol', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    await ready;
    setup = server.createSetup();
    const registering = await Registering.start(PASSWORD);
    registered = registering.finish(registration(registering.request), IDENTITY);
  }, 60_000);

  it('gives the same export key at each sign-in, whichever way é was typed', async () => {
    const done = await signIn(PASSWORD.normalize('NFD'), { pinned: registered.serverKey });
    expect(hex(done.exportKey)).toBe(hex(registered.exportKey));
    expect(done.exportKey).toHaveLength(64);
    expect(hex(done.serverKey)).toBe(hex(fromBase64(server.getPublicKey(setup))));
  });

  it('refuses a wrong password', async () => {
    await expect(signIn('correct horse batterie')).rejects.toMatchObject({ reason: 'WrongPassword' });
  });

  it('refuses a server under another name, or that takes the client for another', async () => {
    await expect(
      signIn(PASSWORD, { names: { ...NAMES, server: 'https://evil.example' } }),
    ).rejects.toMatchObject({
      reason: 'WrongPassword',
    });
    await expect(signIn(PASSWORD, { names: { ...NAMES, client: 'cd'.repeat(16) } })).rejects.toMatchObject({
      reason: 'WrongPassword',
    });
  });

  it('refuses a server with another key than the one pinned', async () => {
    const pinned = new Uint8Array(32).fill(9);
    await expect(signIn(PASSWORD, { pinned })).rejects.toMatchObject({ reason: 'ServerKeyChanged' });
  });

  it.each([
    { ...KSF_V1, memory_kib: 8 },
    { ...KSF_V1, passes: 1 },
    { ...KSF_V1, lanes: 1 },
    { ...KSF_V1, memory_kib: 2_097_152 },
  ])('refuses a server that announces another stretching: %o', async (ksf) => {
    const registering = await Registering.start(PASSWORD);
    const response = registration(registering.request);
    expect(() => registering.finish(response, { ...IDENTITY, ksf })).toThrow('KsfRefused');
    await expect(signIn(PASSWORD, { identity: { ...IDENTITY, ksf } })).rejects.toMatchObject({
      reason: 'KsfRefused',
    });
  });

  it('refuses answers that are no such messages', async () => {
    const registering = await Registering.start(PASSWORD);
    expect(() => registering.finish(new Uint8Array(64), IDENTITY)).toThrow('OpaqueMalformed');
    expect(() => registering.finish(new Uint8Array(), IDENTITY)).toThrow('OpaqueMalformed');
    await expect(signIn(PASSWORD, { garble: true })).rejects.toMatchObject({ reason: 'OpaqueMalformed' });
  });

  it('takes no new password under twelve characters, nor one of more than a kibibyte', async () => {
    await expect(Registering.start('elevenchars')).rejects.toMatchObject({ reason: 'PasswordTooShort' });
    await expect(Registering.start('ééééééééééé')).rejects.toMatchObject({ reason: 'PasswordTooShort' });
    await expect(Registering.start('x'.repeat(1025))).rejects.toMatchObject({ reason: 'TooLong' });
  });
});
