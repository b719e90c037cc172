/**
 * What an account is entered with, changed from a running session: the password and the recovery code.
 *
 * Not known here: coming in. Everything here runs inside `Inside.alone`.
 */

import { hex, unhex } from '../../wire/bytes';
import { Account } from '../account';
import type { Rewritten } from '../account';
import { deviceKey } from '../device';
import { Registering, SigningIn } from '../opaque';
import { local } from './errors';
import type { Inside } from './inside';
import { freshIdem } from './outgoing';
import { Ring } from './ring';
import { ofSecret } from './secrets';

/**
 * Gives the account a new password, and with it a new vault key and a new recovery code, which is answered to be shown
 * once. This session stays, all others end. The old password is tried first: whoever finds an open page must not be
 * able to lock its owner out.
 */
export async function changePassword(
  inside: Inside,
  origin: string,
  old: string,
  next: string,
): Promise<string> {
  await tryPassword(inside, origin, old);
  const { account, rpc } = inside;
  const state = await tried(() => Registering.start(next));
  const started = await rpc.call('PasswordStart', { opaque: state.request });
  const identity = { user: inside.user, origin, ksf: started.ksf };
  const done = await tried(() => state.finish(started.opaque, identity));
  await tried(() => {
    account.checkServerKey(done.serverKey);
  });
  // The newest vault and the newest end of the chain: what is signed next continues them.
  await inside.verifyOwn();
  const devices = deviceKey(done.exportKey);
  const openers = [{ t: 'password', exportKey: done.exportKey }] as const;
  const rewritten = await tried(() => account.rekey(openers, done.serverKey, inside.now()));
  const code = await conclude(inside, rewritten, () =>
    rpc.surely('Rekey', {
      idem: freshIdem(),
      opaque: done.upload,
      vault: rewritten.vault,
      wraps: rewritten.wraps,
      links: rewritten.links,
      ...(rewritten.recovery ? { recovery: rewritten.recovery } : {}),
    }),
  );
  // Who signs in from now on says it under the new password.
  inside.saved.deviceKey = hex(devices);
  await inside.save();
  return code;
}

/** Fails with `wrongSecret` unless this is the password. No code is mailed for it. */
async function tryPassword(inside: Inside, origin: string, password: string): Promise<void> {
  const state = await tried(() => SigningIn.start(password));
  const started = await inside.rpc.call('LoginStart', { email: inside.saved.email, opaque: state.request });
  if (hex(started.user) !== inside.user) throw local('wrongSecret');
  const identity = { user: inside.user, origin, ksf: started.ksf };
  await tried(() => state.finish(started.opaque, identity, unhex(inside.saved.opaqueKey)));
}

/** Gives the account a new recovery code, to be shown once (SEC-11); the old one is worth nothing from then on. */
export async function renewRecoveryCode(inside: Inside): Promise<string> {
  await inside.verifyOwn();
  const rewritten = await tried(() => inside.account.renewRecovery(inside.now()));
  const { recovery, wraps, vault, links } = rewritten;
  const [wrap] = wraps;
  if (!recovery || !wrap) throw local('crypto');
  return conclude(inside, rewritten, () =>
    inside.rpc.surely('RenewRecovery', { idem: freshIdem(), recovery, wrap, vault, links }),
  );
}

/** Keeps a rewritten vault, or goes back to the one before. */
async function conclude(inside: Inside, rewritten: Rewritten, send: () => Promise<unknown>): Promise<string> {
  const { saved } = inside;
  try {
    await send();
  } catch (error) {
    const vault = await inside.rpc.call('GetVault', {});
    inside.replace(await tried(() => Account.openWith(saved.user, vault, unhex(saved.vaultKey))));
    throw error;
  }
  saved.vaultKey = hex(inside.account.vaultKey);
  saved.vaultVersion = rewritten.vault.version;
  inside.ring = new Ring(inside.account);
  await inside.save();
  // Its links are at home in the own chain now.
  await inside.verifyOwn();
  const code = inside.account.recoveryCode;
  if (!code) throw local('crypto');
  return code.text();
}

async function tried<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw ofSecret(error);
  }
}
