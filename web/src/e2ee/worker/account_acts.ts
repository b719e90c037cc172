/**
 * What an account is entered with, changed from a running session: the password and the recovery code.
 *
 * Not known here: coming in. Everything here runs inside `Inside.alone`.
 */

import { equal, hex, unhex } from '../../wire/bytes';
import type { Vault } from '../../wire/gen/wire';
import { Account } from '../account';
import type { Rewritten } from '../account';
import { deviceKey } from '../device';
import { Registering, SigningIn } from '../opaque';
import { local, ofAny } from './errors';
import type { Trouble } from './errors';
import type { Inside } from './inside';
import { freshIdem } from './outgoing';
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
  const { vault, wraps, links, recovery } = rewritten;
  const rekey = {
    idem: freshIdem(),
    opaque: done.upload,
    vault,
    wraps,
    links,
    ...(recovery && { recovery }),
  };
  return conclude(inside, rewritten, devices, () => rpc.surely('Rekey', rekey));
}

/** Fails with `wrongSecret` unless this is the password. No code is mailed for it. */
async function tryPassword(inside: Inside, origin: string, password: string): Promise<void> {
  const state = await tried(() => SigningIn.start(password));
  const started = await inside.rpc.call('LoginStart', { email: inside.saved.email, opaque: state.request });
  if (hex(started.user) !== inside.user) throw local('wrongSecret');
  const identity = { user: inside.user, origin, ksf: started.ksf };
  await tried(() => state.finish(started.opaque, identity, unhex(inside.saved.opaqueKey)));
}

/**
 * Gives the account a new recovery code, to be shown once (SEC-11); the old one is worth nothing from then on. One that
 * counts and that nobody has seen, because its answer was lost, is the new one.
 */
export async function renewRecoveryCode(inside: Inside): Promise<string> {
  await inside.verifyOwn();
  const { recoveryCode } = inside.account;
  if (inside.isCodeUnseen && recoveryCode) {
    inside.isCodeUnseen = false;
    return recoveryCode.text();
  }
  const rewritten = await tried(() => inside.account.renewRecovery(inside.now()));
  const { recovery, wraps, vault, links } = rewritten;
  const [wrap] = wraps;
  if (!recovery || !wrap) throw local('crypto');
  const renewal = { idem: freshIdem(), recovery, wrap, vault, links };
  return conclude(inside, rewritten, null, () => inside.rpc.surely('RenewRecovery', renewal));
}

/**
 * Sends a rewritten vault, and keeps it or goes back to the one before. From the moment the server has taken it in, its
 * code is the one that counts: what fails after that is told, and the code is answered all the same.
 */
async function conclude(
  inside: Inside,
  rewritten: Rewritten,
  devices: Uint8Array | null,
  send: () => Promise<unknown>,
): Promise<string> {
  const { account, saved, told } = inside;
  const code = account.recoveryCode;
  if (!code) throw local('crypto');
  const keep = (): void => {
    saved.vaultKey = hex(account.vaultKey);
    saved.vaultVersion = rewritten.vault.version;
    // Who signs in from now on says it under the new password.
    if (devices) saved.deviceKey = hex(devices);
    inside.replace(account);
  };
  const no = await refusalOf(inside, rewritten, send, send()).catch((unknown: unknown) => {
    if (!ofAny(unknown).isTransient) throw unknown;
    inside.doubt(async () => {
      if (await refusalOf(inside, rewritten, send)) return;
      keep();
      inside.isCodeUnseen = true;
    });
    throw local('unsettled');
  });
  if (no) throw no;
  keep();
  try {
    await inside.save();
    // Its links are at home in the own chain now.
    await inside.verifyOwn();
  } catch (error) {
    told.trouble(null, ofAny(error));
    inside.saveSoon();
  }
  return code.text();
}

/**
 * Why the server has not taken a rewritten vault in; null: it has. A request without an answer may land at any time: the
 * same one is sent again, and its answer holds for every copy of it. Fails as long as none comes.
 */
async function refusalOf(
  inside: Inside,
  { vault }: Rewritten,
  send: () => Promise<unknown>,
  sent?: Promise<unknown>,
): Promise<Trouble | null> {
  const served = (): Promise<Vault> => inside.rpc.surely('GetVault', {});
  for (let asked = sent; ; asked = send()) {
    const trouble = await asked?.then(() => null, ofAny);
    if (trouble === null) return null;
    // The vault that is served says it too, whatever was answered.
    const present = await served();
    if (equal(present.ciphertext, vault.ciphertext)) return null;
    if (trouble?.isTransient === false) {
      const { user, vaultKey } = inside.saved;
      inside.replace(await tried(() => Account.openWith(user, present, unhex(vaultKey))));
      return trouble;
    }
    if (trouble && asked !== sent) throw trouble;
  }
}

async function tried<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw ofSecret(error);
  }
}
