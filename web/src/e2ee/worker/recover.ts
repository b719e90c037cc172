/**
 * Coming back in without the password: a mailed code, the recovery code, and a new password.
 *
 * Not known here: how long the server makes one wait.
 */

import { hex, unhex } from '../../wire/bytes';
import type { Hex } from '../../wire/bytes';
import type { RecoverGranted } from '../../wire/gen/wire';
import { Account } from '../account';
import { deviceId, deviceKey } from '../device';
import { Registering } from '../opaque';
import { RecoveryCode } from '../recovery';
import { Book } from './book';
import { entered, tried } from './enter';
import type { Entered, Pending, Who } from './enter';
import { hold, local } from './errors';
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
    pending: { t: 'recover', who, code, state },
  };
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
  const rewritten = await tried(() => {
    account.checkServerKey(done.serverKey);
    return account.rekey([{ t: 'password', exportKey: done.exportKey }], done.serverKey, rpc.clock.server());
  });
  const { session } = await rpc.surely('Rekey', {
    idem: freshIdem(),
    login: unhex(login),
    opaque: done.upload,
    vault: rewritten.vault,
    wraps: rewritten.wraps,
    links: rewritten.links,
    device: deviceId(devices, who.software),
    ...(rewritten.recovery ? { recovery: rewritten.recovery } : {}),
  });
  const fresh = account.recoveryCode;
  if (!session || hex(session.user) !== user || !fresh) throw local('protocol');
  return { ...(await entered(rpc, account, session, who, devices)), recoveryCode: fresh.text() };
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
