/**
 * Coming in: registration, sign-in, recovery, and going on after a reload.
 *
 * Not known here: what is done once inside.
 */

import { LABEL_ACCEPT } from '../../chain/hash';
import { sign } from '../../chain/sign';
import { hex, unhex } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import type { CallBody } from '../../wire/codec';
import { LIMITS } from '../../wire/gen/wire';
import type { ServerCard, SessionGrant } from '../../wire/gen/wire';
import type { Locale, ServerInfo, Software } from '../api';
import { Account, createAccount } from '../account';
import type { NewAccount } from '../account';
import { deviceId, deviceKey } from '../device';
import { E2eeError } from '../error';
import { Registering, SigningIn } from '../opaque';
import type { Registered, SignedIn } from '../opaque';
import type { RecoveryCode } from '../recovery';
import { InviteSecret } from '../thread';
import { checkCurrent } from '../vault';
import { Book } from './book';
import { hold, local, ofAny } from './errors';
import type { Saved } from './inside';
import { freshIdem } from './outgoing';
import type { MadeRecovery } from './recover';
import type { Rpc } from './rpc';
import { ofSecret } from './secrets';
import { credentialsOf } from './session';

/** Bytes of the token that the server made, and of the secret that may follow it. */
const SERVER_TOKEN_BYTES = 32;
const SECRET_BYTES = 16;

/** What came out of coming in. */
export interface Entered {
  readonly account: Account;
  readonly saved: Saved;
}

/** A sign-in, registration or recovery that waits for its code. */
export type Pending =
  | { readonly t: 'login'; readonly who: Who; readonly user: Hex; readonly done: SignedIn }
  | {
      readonly t: 'register';
      readonly who: Who;
      readonly user: Hex;
      readonly done: Registered;
      readonly secret: InviteSecret | null;
      readonly devices: Uint8Array;
      readonly device: Uint8Array<ArrayBuffer>;
      made: NewAccount | null;
      /** What was sent at the end and not answered: it is sent again as it is before anything else. */
      sent: CallBody<'RegisterFinish'> | null;
    }
  | {
      readonly t: 'recover';
      readonly who: Who;
      readonly code: RecoveryCode;
      readonly state: Registering;
      made: MadeRecovery | null;
    };

/** What was typed, and the server it was typed for. */
export interface Who {
  readonly email: string;
  readonly name: string;
  readonly locale: Locale;
  readonly card: ServerCard;
  /** The browser it was typed in. */
  readonly software: Software;
}

/** A server that was asked what it is. One that has another address than the page's is not this server. */
export async function meet(rpc: Rpc, origin: string): Promise<ServerCard> {
  const card = await rpc.call('GetServer', {});
  rpc.clock.told(card.now);
  if (card.origin.replace(/\/+$/, '') !== origin) throw local('notPossible');
  return card;
}

/** The same for the page. */
export function serverInfo(card: ServerCard): ServerInfo {
  return {
    origin: card.origin,
    version: card.version,
    demo: card.demo,
    openRegistration: card.open_registration,
  };
}

/** When a code runs out, and when another may be asked for. */
export function codeTimes(rpc: Rpc, resendAfter: number): { until: number; resendAt: number } {
  const now = rpc.clock.server();
  return { until: now + LIMITS.CODE_TTL_MS, resendAt: now + resendAfter };
}

/** First factor of a sign-in. */
export async function startLogin(
  rpc: Rpc,
  who: Who,
  password: string,
): Promise<{ login: Hex; resendAfter: number; pending: Pending }> {
  const { email, locale, card } = who;
  const state = await tried(() => SigningIn.start(password));
  const started = await rpc.call('LoginStart', { email, opaque: state.request });
  const user = hex(started.user);
  const identity = { user, origin: card.origin, ksf: started.ksf };
  const done = await tried(() => state.finish(started.opaque, identity, card.opaque_key));
  const factor = await rpc.call('LoginFinish', { login: started.login, opaque: done.finalization, locale });
  return {
    login: hex(started.login),
    resendAfter: factor.resend_after,
    pending: { t: 'login', who, user, done },
  };
}

/** Second factor of a sign-in. */
export async function finishLogin(
  rpc: Rpc,
  login: Hex,
  pending: Extract<Pending, { t: 'login' }>,
  code: string,
): Promise<Entered> {
  const { user, done, who } = pending;
  const devices = deviceKey(done.exportKey);
  const device = deviceId(devices, who.software);
  const grant = await rpc.call('SecondFactor', { login: unhex(login), code, device });
  if (hex(grant.user) !== user) throw local('protocol');
  const account = await tried(async () => {
    const opened = await Account.open(user, grant.vault, grant.wraps, {
      t: 'password',
      exportKey: done.exportKey,
    });
    opened.checkServerKey(done.serverKey);
    return opened;
  });
  return entered(rpc, account, grant, who, devices);
}

/** Begins a registration. */
export async function startRegistration(
  rpc: Rpc,
  who: Who,
  password: string,
  invitation: string | null,
): Promise<{ login: Hex; resendAfter: number; pending: Pending }> {
  const { email, locale, card } = who;
  const state = await tried(() => Registering.start(password));
  const token = invitation === null ? null : tokenOf(invitation);
  const invite = token ? { invite: token.invite } : {};
  const started = await rpc.call('RegisterStart', { email, locale, opaque: state.request, ...invite });
  const user = hex(started.user);
  const identity = { user, origin: card.origin, ksf: started.ksf };
  const done = await tried(() => state.finish(started.opaque, identity));
  hold(hex(done.serverKey) === hex(card.opaque_key), 'H23');
  const secret = token?.secret ?? null;
  const devices = deviceKey(done.exportKey);
  const device = deviceId(devices, who.software);
  const pending: Pending = {
    t: 'register',
    who,
    user,
    done,
    secret,
    devices,
    device,
    made: null,
    sent: null,
  };
  return { login: hex(started.login), resendAfter: started.resend_after, pending };
}

/** Ends a registration. The recovery code is shown once. */
export async function finishRegistration(
  rpc: Rpc,
  login: Hex,
  pending: Extract<Pending, { t: 'register' }>,
  code: string,
): Promise<Entered & { recoveryCode: string }> {
  const { user, done, who, devices, device } = pending;
  const openers = [{ t: 'password', exportKey: done.exportKey }] as const;
  pending.made ??= await tried(() => createAccount(user, openers, done.serverKey, rpc.clock.server()));
  const { account, links, boxes, vault, wraps, recovery, code: recoveryCode } = pending.made;
  const proof = pending.secret ? { proof: await proveRoot(pending.secret, account.root) } : {};
  const grant = await conclude(rpc, pending, {
    idem: freshIdem(),
    login: unhex(login),
    code,
    opaque: done.upload,
    name: who.name,
    links,
    boxes,
    vault,
    wraps,
    recovery,
    device,
    ...proof,
  });
  return { ...(await entered(rpc, account, grant, who, devices)), recoveryCode: recoveryCode.text() };
}

/** Sends the end of a registration. One that may have arrived comes first, with the code that it had: its answer is that
 * of the account, and another code would not be. */
async function conclude(
  rpc: Rpc,
  pending: Extract<Pending, { t: 'register' }>,
  fresh: CallBody<'RegisterFinish'>,
): Promise<SessionGrant> {
  const { sent } = pending;
  pending.sent ??= fresh;
  try {
    return await rpc.surely('RegisterFinish', pending.sent);
  } catch (error) {
    if (ofAny(error).isTransient) throw error;
    pending.sent = null;
    if (sent === null || sent.code === fresh.code) throw error;
    return conclude(rpc, pending, fresh);
  }
}

/** An invitation as it is handed over, in hexadecimal or as a link that ends with it: the server's part, and the secret
 * that only the inviter and the invited know. */
function tokenOf(text: string): { invite: Uint8Array<ArrayBuffer>; secret: InviteSecret | null } {
  const token = /([0-9a-f]{32,})\s*$/i.exec(text)?.[1];
  if (!token || token.length % 2 !== 0) throw local('notPossible');
  const bytes = unhex(token.toLowerCase());
  const secret = bytes.slice(SERVER_TOKEN_BYTES);
  if (secret.length !== 0 && secret.length !== SECRET_BYTES) throw local('notPossible');
  return {
    invite: bytes.slice(0, SERVER_TOKEN_BYTES),
    secret: secret.length === 0 ? null : new InviteSecret(secret),
  };
}

/** The invitation's key signs whom it brought: no one else can come in its place (attack H28). */
async function proveRoot(secret: InviteSecret, root: Hex): Promise<Uint8Array> {
  return sign(await secret.key(), LABEL_ACCEPT, unhex(root));
}

/** A session that the server granted, as it is kept. */
export async function entered(
  rpc: Rpc,
  account: Account,
  grant: SessionGrant,
  who: Who,
  devices: Uint8Array,
): Promise<Entered> {
  const credentials = await credentialsOf(grant.session, grant.key, grant.ticket);
  rpc.credentials = credentials;
  const orgs = grant.orgs.map(hex);
  const first = orgs[0];
  const saved: Saved = {
    user: hex(grant.user),
    device: hex(grant.device),
    session: credentials.session,
    kid: credentials.kid,
    ticket: hex(grant.ticket),
    until: grant.expires,
    name: who.name,
    email: who.email,
    locale: who.locale,
    opaqueKey: hex(who.card.opaque_key),
    receiptKey: hex(who.card.receipt_key),
    vaultKey: hex(account.vaultKey),
    vaultVersion: grant.vault.version,
    deviceKey: hex(devices),
    orgs,
    org: first ?? null,
    chains: [],
    threads: [],
  };
  return { account, saved };
}

/**
 * Goes on where an earlier page ended. The keys come out of the browser, the vault from the server. Fails with
 * `otherPassword` where the vault was written anew under a key that was not kept here.
 */
export async function reopen(rpc: Rpc, origin: string, saved: Saved, proofKey: CryptoKey): Promise<Account> {
  const ticket = saved.ticket === null ? null : unhex(saved.ticket);
  rpc.credentials = { session: saved.session, kid: saved.kid, key: proofKey, ticket };
  const card = await meet(rpc, origin);
  hold(hex(card.opaque_key) === saved.opaqueKey && hex(card.receipt_key) === saved.receiptKey, 'H23');
  const vault = await rpc.call('GetVault', {});
  hold(vault.version >= saved.vaultVersion, 'H20');
  try {
    return await Account.openWith(saved.user, vault, unhex(saved.vaultKey));
  } catch (error) {
    if (!(error instanceof E2eeError) || error.reason !== 'VaultRejected') throw ofSecret(error);
  }
  // Only a vault that the own chain names was written by this person: any other one is an attack (H20).
  const book = new Book(rpc, saved.chains);
  await book.refresh('user', saved.user);
  const chain = book.chains.userChain(saved.user);
  if (chain)
    await tried(() => {
      checkCurrent(vault, chain);
    });
  throw chain ? local('otherPassword') : local('notFound');
}

/** Does something with secrets; what fails is said in the page's words. */
export async function tried<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw ofSecret(error);
  }
}
