/**
 * Coming back in without the password: a mailed code, the recovery code, and a new password.
 *
 * Not known here: how long the server makes one wait.
 */

import { hex, unhex } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import type { CallBody } from '../../wire/codec';
import type { RecoverGranted } from '../../wire/gen/wire';
import { Account } from '../account';
import { deviceId, deviceKey } from '../device';
import { Registering } from '../opaque';
import { RecoveryCode } from '../recovery';
import { Book } from './book';
import { entered, tried } from './enter';
import type { Entered, Pending, Who } from './enter';
import { hold, local, ofAny } from './errors';
import { freshIdem } from './outgoing';
import type { Rpc } from './rpc';

/** Begins a recovery. Code and password are judged before anything is mailed. */
export async function startRecovery(
  rpc: Rpc,
  who: Who,
  recoveryCode: string,
  password: string,
): Promise<{ login: Hex; resendAfter: number; pending: Pending }> {
  const code = await tried(() => RecoveryCode.parse(recoveryCode));
  const state = await tried(() => Registering.start(password));
  const started = await rpc.call('RecoverStart', { email: who.email, locale: who.locale });
  return {
    login: hex(started.login),
    resendAfter: started.resend_after,
    pending: { t: 'recover', who, code, state, made: null },
  };
}

/** A recovery that was made and is sent: again as it is, where no answer came. */
export interface MadeRecovery {
  readonly account: Account;
  readonly devices: Uint8Array;
  readonly rekey: CallBody<'Rekey'>;
}

/**
 * Ends a recovery. The identity and what it can read stay as they are; all other sessions end. The new recovery code is
 * shown once: the old one is worth nothing from then on.
 */
export async function finishRecovery(
  rpc: Rpc,
  login: Hex,
  pending: Extract<Pending, { t: 'recover' }>,
  mailed: string,
): Promise<Entered & { recoveryCode: string }> {
  const made = (pending.made ??= await makeRecovery(rpc, login, pending, mailed));
  const { account, devices, rekey } = made;
  let session;
  try {
    ({ session } = await rpc.surely('Rekey', rekey));
  } catch (error) {
    // Asked again, a request that may have arrived is the same one; one that was refused is made anew.
    if (!ofAny(error).isTransient) pending.made = null;
    throw error;
  }
  const fresh = account.recoveryCode;
  if (!session || hex(session.user) !== account.user || !fresh) throw local('protocol');
  return { ...(await entered(rpc, account, session, pending.who, devices)), recoveryCode: fresh.text() };
}

async function makeRecovery(
  rpc: Rpc,
  login: Hex,
  pending: Extract<Pending, { t: 'recover' }>,
  mailed: string,
): Promise<MadeRecovery> {
  const { code, state, who } = pending;
  const challenge = await rpc.call('RecoverProve', { login: unhex(login), code: mailed });
  const signature = await code.prove(challenge.challenge);
  const granted = await rpc.call('RecoverAuth', { login: unhex(login), signature, opaque: state.request });
  const user = hex(challenge.user);
  const done = await tried(() =>
    state.finish(granted.opaque, { user, origin: who.card.origin, ksf: granted.ksf }),
  );
  hold(hex(done.serverKey) === hex(who.card.opaque_key), 'H23');
  const devices = deviceKey(done.exportKey);
  const account = await openGranted(rpc, login, user, granted, code);
  const { vault, wraps, links, recovery } = await tried(() => {
    account.checkServerKey(done.serverKey);
    return account.rekey([{ t: 'password', exportKey: done.exportKey }], done.serverKey, rpc.clock.server());
  });
  const device = deviceId(devices, who.software);
  const rekey = { idem: freshIdem(), login: unhex(login), opaque: done.upload, vault, wraps, links, device };
  return { account, devices, rekey: recovery ? { ...rekey, recovery } : rekey };
}

/** Opens the vault with both halves and holds it against the person's own chain. Nothing is signed before. */
async function openGranted(
  rpc: Rpc,
  login: Hex,
  user: Hex,
  { server_half: serverHalf, vault, wrap }: RecoverGranted,
  code: RecoveryCode,
): Promise<Account> {
  const account = await tried(() => Account.open(user, vault, [wrap], { t: 'recovery', code, serverHalf }));
  const book = new Book(rpc, [], unhex(login));
  await book.refresh('user', user);
  const chain = book.chains.userChain(user);
  if (!chain) throw local('notFound');
  await tried(() => {
    account.verify(vault, chain);
  });
  return account;
}
