/**
 * Shapes of the wire: accounts, sessions, vaults.
 *
 * Field order is the order on the wire; the compiler holds each shape to the
 * generated type, the golden file holds it to the bytes.
 */
import type * as W from '../gen/wire';
import { bin, flag, id16, int, list, opt, struct, text, u32, word } from '../shape';
import { chainLink, sealedBox } from './chains';
import { sessionKey } from './control';

export const locale = word<W.Locale>('fr', 'en');
export const ksf = struct<W.Ksf>({
  memory_kib: u32,
  passes: u32,
  lanes: u32,
});
export const registerStart = struct<W.RegisterStart>({
  email: text,
  invite: opt(bin),
  locale: locale,
  opaque: bin,
});
export const registerStarted = struct<W.RegisterStarted>({
  login: id16,
  user: id16,
  opaque: bin,
  resend_after: int,
  ksf: ksf,
});
export const vault = struct<W.Vault>({
  version: int,
  ciphertext: bin,
});
export const wrapKind = word<W.WrapKind>('password', 'recovery', 'passkey', 'key_file');
export const wrap = struct<W.Wrap>({
  kind: wrapKind,
  label: bin,
  ciphertext: bin,
});
export const recovery = struct<W.Recovery>({
  auth_key: bin,
  server_half: bin,
});
export const registerFinish = struct<W.RegisterFinish>({
  idem: id16,
  login: id16,
  code: text,
  opaque: bin,
  name: text,
  links: list(chainLink),
  boxes: list(sealedBox),
  vault: vault,
  wraps: list(wrap),
  recovery: recovery,
  device: id16,
  proof: opt(bin),
});
export const loginStart = struct<W.LoginStart>({
  email: text,
  opaque: bin,
});
export const loginStarted = struct<W.LoginStarted>({
  login: id16,
  user: id16,
  opaque: bin,
  ksf: ksf,
});
export const loginFinish = struct<W.LoginFinish>({
  login: id16,
  opaque: bin,
  locale: locale,
});
export const factorKind = word<W.FactorKind>('email', 'totp', 'passkey');
export const factorNeeded = struct<W.FactorNeeded>({
  factors: list(factorKind),
  resend_after: int,
});
export const resendCode = struct<W.ResendCode>({
  login: id16,
});
export const codeSent = struct<W.CodeSent>({
  resend_after: int,
  left: u32,
});
export const secondFactor = struct<W.SecondFactor>({
  login: id16,
  code: text,
  device: id16,
});
export const sessionGrant = struct<W.SessionGrant>({
  session: id16,
  user: id16,
  device: id16,
  key: sessionKey,
  ticket: bin,
  expires: int,
  vault: vault,
  wraps: list(wrap),
  orgs: list(id16),
});
export const recoverStart = struct<W.RecoverStart>({
  email: text,
  locale: locale,
});
export const recoverStarted = struct<W.RecoverStarted>({
  login: id16,
  resend_after: int,
});
export const recoverProve = struct<W.RecoverProve>({
  login: id16,
  code: text,
});
export const recoverChallenge = struct<W.RecoverChallenge>({
  user: id16,
  challenge: bin,
});
export const recoverAuth = struct<W.RecoverAuth>({
  login: id16,
  signature: bin,
  opaque: bin,
});
export const recoverGranted = struct<W.RecoverGranted>({
  server_half: bin,
  wrap: wrap,
  vault: vault,
  opaque: bin,
  ksf: ksf,
});
export const rekey = struct<W.Rekey>({
  idem: id16,
  login: opt(id16),
  opaque: bin,
  vault: vault,
  wraps: list(wrap),
  recovery: opt(recovery),
  links: list(chainLink),
  device: opt(id16),
});
export const rekeyed = struct<W.Rekeyed>({
  session: opt(sessionGrant),
});
export const passwordStart = struct<W.PasswordStart>({
  opaque: bin,
});
export const passwordStarted = struct<W.PasswordStarted>({
  opaque: bin,
  ksf: ksf,
});
export const renewRecovery = struct<W.RenewRecovery>({
  idem: id16,
  recovery: recovery,
  wrap: wrap,
  vault: vault,
  links: list(chainLink),
});
export const listSessions = struct<W.ListSessions>({});
export const sessionCard = struct<W.SessionCard>({
  session: id16,
  device: id16,
  opened: int,
  seen: int,
  expires: int,
  current: flag,
});
export const sessions = struct<W.Sessions>({
  sessions: list(sessionCard),
});
export const revokeSession = struct<W.RevokeSession>({
  idem: id16,
  session: id16,
});
export const getVault = struct<W.GetVault>({});
export const putVault = struct<W.PutVault>({
  idem: id16,
  vault: vault,
  links: list(chainLink),
  boxes: list(sealedBox),
});
export const objectKind = word<W.ObjectKind>('key_index', 'pins');
export const getObject = struct<W.GetObject>({
  object: objectKind,
});
export const storedObject = struct<W.Object>({
  version: int,
  ciphertext: bin,
});
export const putObject = struct<W.PutObject>({
  idem: id16,
  object: objectKind,
  replaces: int,
  ciphertext: bin,
});
export const objectStored = struct<W.ObjectStored>({
  version: int,
});
export const done = struct<W.Done>({});
