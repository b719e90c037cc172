/**
 * An account as one value: what a registration sends, what a sign-in opens, what changes with a new password, a
 * recovery or a rotation of keys.
 *
 * Order of a registration: `Registering.start` → `RegisterStart` → `finish` → {@link createAccount} → `RegisterFinish`.
 * Of a sign-in: `SigningIn.start` → `LoginStart` → `finish` → `LoginFinish` → `SecondFactor` → {@link Account.open} with
 * the vault and wraps of the answer → `checkServerKey` → fetch the user's own chain into a `Directory` →
 * {@link Account.verify} → `verifyKeyrings`. Nothing is signed or boxed before `verify`.
 *
 * Methods that sign or write are asynchronous and must not run at the same time on one account.
 *
 * Not known here: the connection, the e-mail code, and when anything is sent.
 */
import { check } from '../chain/error';
import type { Signed } from '../chain/envelope';
import type { KeyringChain } from '../chain/keyring';
import { firstPlace, type Place } from '../chain/link';
import { keyProof, signLink, signerOf, type Signer } from '../chain/sign';
import type { UserChain } from '../chain/user';
import { USER_BODIES, type UserBody } from '../chain/user_body';
import { equal, hex, unhex, type Hex } from '../wire/bytes';
import type { ChainKind, ChainLink, Recovery, SealedBox, Vault, Wrap } from '../wire/gen/wire';
import { demand, deny } from './error';
import { random } from './kdf';
import { createKeyring, requireCurrent, type LinkSigner } from './keyring';
import { RecoveryCode } from './recovery';
import { publicKeyOf } from './sealed';
import { checkCurrent, openVault, sealVault, vaultLink, type OwnKeyring, type VaultContents } from './vault';
import { unwrapKey, wrapKey, type Opener } from './wrap';

/** Everything a registration sends besides names, codes and ids of its own, and the account it opens. */
export interface NewAccount {
  readonly account: Account;
  /** Root, create `U`, create `I`, vault: each is valid after those before it. */
  readonly links: ChainLink[];
  /** The box of `I`'s seed for `U`. */
  readonly boxes: SealedBox[];
  readonly vault: Vault;
  /** Wraps of the vault key: the opener's and the recovery code's. */
  readonly wraps: Wrap[];
  /** The server's part of the recovery code. */
  readonly recovery: Recovery;
  /** The user's part, to be shown once. */
  readonly code: RecoveryCode;
}

/** A vault written anew, and what goes with it in one commit. */
export interface Rewritten {
  readonly vault: Vault;
  /** Links of the user chain, in order. */
  readonly links: ChainLink[];
  /** All wraps of the vault key, when the key is new; otherwise only new ones. */
  readonly wraps: Wrap[];
  /** The server's part of a new recovery code, when there is one. */
  readonly recovery: Recovery | null;
}

function chainLink(chain: ChainKind, id: Hex, link: Signed): ChainLink {
  return { chain, id: unhex(id), link: link.toBytes() };
}

function after(place: Place, link: Signed): Place {
  return { chainId: place.chainId, seq: place.seq + 1, prev: link.linkHash() };
}

async function signOwn(
  signer: Signer,
  user: Hex,
  place: Place,
  tsMs: number,
  body: UserBody,
): Promise<Signed> {
  const author = { user, chainSeq: Math.max(0, place.seq - 1), capacity: null };
  return signLink(signer, USER_BODIES, { place, author, tsMs, body });
}

/** Wraps the vault key for each opener. */
async function wrapAll(key: Uint8Array, user: Hex, openers: readonly Opener[]): Promise<Wrap[]> {
  return Promise.all(openers.map((opener) => wrapKey(key, user, opener)));
}

async function ownKeyrings(
  user: Hex,
  signer: Signer,
  tsMs: number,
): Promise<{ personal: OwnKeyring; inbox: OwnKeyring; links: [Signed, Signed]; boxes: SealedBox[] }> {
  const by: LinkSigner = { user, chainSeq: 1, capacity: null, signer, tsMs };
  const owner = { kind: 'user', id: user } as const;
  const personalId = hex(random(16));
  const personal = await createKeyring({ id: personalId, kind: 'U', owner, paired: null }, [], by);
  const inboxId = hex(random(16));
  const target = { recipient: { keyring: personalId, generation: 1 }, key: publicKeyOf(personal.seed) };
  const inbox = await createKeyring({ id: inboxId, kind: 'I', owner, paired: null }, [target], by);
  return {
    personal: { id: personalId, generation: 1, seed: personal.seed },
    inbox: { id: inboxId, generation: 1, seed: inbox.seed },
    links: [personal.link, inbox.link],
    boxes: inbox.boxes,
  };
}

/**
 * Makes a whole new account. `openers` are what the user will sign in with (the export key of the OPAQUE
 * registration); the recovery wrap is added. `serverKey` is the key the OPAQUE registration met.
 */
export async function createAccount(
  user: Hex,
  openers: readonly Opener[],
  serverKey: Uint8Array,
  tsMs: number,
): Promise<NewAccount> {
  const signingSeed = random(32);
  const signer = await signerOf(signingSeed);
  const code = RecoveryCode.random();
  const serverHalf = random(32);
  const { personal, inbox, links, boxes } = await ownKeyrings(user, signer, tsMs);
  const place = firstPlace(user);
  const root = await signOwn(signer, user, place, tsMs, {
    t: 'root',
    key: signer.key,
    personal: { id: personal.id, first: links[0].linkHash() },
    inbox: { id: inbox.id, first: links[1].linkHash() },
    recovery: (await code.auth()).key.id,
  });
  const contents = { user, root: root.linkHash(), serverKey, personal, inbox, signingSeed, recovery: code };
  const account = await Account.started(contents, random(32), after(place, root));
  const wraps = await account.wrapFor([...openers, { t: 'recovery', code, serverHalf }]);
  const first = await account.rewrite(tsMs);
  return {
    account,
    links: [
      chainLink('user', user, root),
      chainLink('keyring', personal.id, links[0]),
      chainLink('keyring', inbox.id, links[1]),
      ...first.links,
    ],
    boxes,
    vault: first.vault,
    wraps,
    recovery: await code.serverPart(serverHalf),
    code,
  };
}

/** An open account: everything needed to act as the user. */
export class Account {
  #contents: VaultContents;
  #vaultKey: Uint8Array;
  #version: number;
  #place: Place;
  #signer: Signer;

  private constructor(
    contents: VaultContents,
    vaultKey: Uint8Array,
    at: { readonly version: number; readonly place: Place; readonly signer: Signer },
  ) {
    this.#contents = contents;
    this.#vaultKey = vaultKey;
    this.#version = at.version;
    this.#place = at.place;
    this.#signer = at.signer;
  }

  /** An account whose first vault is not written yet: only for {@link createAccount}. */
  static async started(contents: VaultContents, vaultKey: Uint8Array, place: Place): Promise<Account> {
    const signer = await signerOf(contents.signingSeed);
    return new Account(contents, vaultKey, { version: 0, place, signer });
  }

  /**
   * Opens a vault. The account is not to be used before {@link Account.verify}. Refuses with `WrapMissing`,
   * `WrapRejected`, `VaultRejected`, `VaultMalformed`.
   */
  static async open(user: Hex, vault: Vault, wraps: readonly Wrap[], opener: Opener): Promise<Account> {
    return Account.openWith(user, vault, await unwrapKey(wraps, user, opener));
  }

  /** Opens a vault with its key, as kept in a sealed blob over a reload (see {@link Account.vaultKey}). */
  static async openWith(user: Hex, vault: Vault, vaultKey: Uint8Array): Promise<Account> {
    const contents = await openVault(vault, user, vaultKey);
    const signer = await signerOf(contents.signingSeed);
    // A place that no chain has: whatever was signed at it before `verify` is refused by everybody.
    const place = { chainId: user, seq: 0, prev: null };
    return new Account(contents, vaultKey, { version: vault.version, place, signer });
  }

  /** Opens a newer vault under the same vault key (another device wrote it): `VaultRolledBack`, `VaultRejected`. */
  async reload(vault: Vault): Promise<void> {
    demand(vault.version >= this.#version, 'VaultRolledBack');
    this.#contents = await openVault(vault, this.user, this.#vaultKey);
    this.#signer = await signerOf(this.#contents.signingSeed);
    this.#version = vault.version;
  }

  /**
   * Checks the vault against the user's own verified chain, and the chain against the vault, and learns where the next
   * link stands. Called again whenever the own chain has grown. Refuses with `ForeignChain`, `VaultRolledBack`,
   * `VaultHashMismatch`.
   */
  verify(vault: Vault, chain: UserChain): void {
    const { root, personal, inbox } = this.#contents;
    const own =
      chain.user === this.user &&
      chain.fact.root === root &&
      chain.fact.personal.id === personal.id &&
      chain.fact.inbox.id === inbox.id;
    demand(own, 'ForeignChain');
    checkCurrent(vault, chain);
    demand(vault.version === this.#version && chain.key.id === this.#signer.key.id, 'ForeignChain');
    this.#place = chain.tail.next();
  }

  /**
   * Checks the vault's seeds of `U` and `I` against the verified chains of those keyrings. After it, what is boxed to
   * them can be opened with this account. Refuses with `ForeignChain`, `CommitMismatch`, `EncKeyMismatch`, a
   * `ChainError` `WrongGeneration`.
   */
  verifyKeyrings(personal: KeyringChain, inbox: KeyringChain): void {
    for (const [own, chain] of [[this.personal, personal] as const, [this.inbox, inbox] as const]) {
      const mine = chain.owner.kind === 'user' && chain.owner.id === this.user && own.id === chain.id;
      demand(mine, 'ForeignChain');
      check(own.generation === chain.generation, 'WrongGeneration');
      requireCurrent(chain, own.seed);
    }
  }

  /** Compares the server's password key with the one pinned at registration: `ServerKeyChanged`. */
  checkServerKey(met: Uint8Array): void {
    demand(equal(met, this.#contents.serverKey), 'ServerKeyChanged');
  }

  /** Whose account it is. */
  get user(): Hex {
    return this.#contents.user;
  }

  /** Hash of the root link. */
  get root(): Hex {
    return this.#contents.root;
  }

  /** The personal keyring `U`. */
  get personal(): OwnKeyring {
    return this.#contents.personal;
  }

  /** The inbox keyring `I`. */
  get inbox(): OwnKeyring {
    return this.#contents.inbox;
  }

  /** Signs as the user: entries and links. */
  get signer(): Signer {
    return this.#signer;
  }

  /** The user's half of the recovery code, to show it again. */
  get recoveryCode(): RecoveryCode | null {
    return this.#contents.recovery;
  }

  /** Version of the vault. */
  get vaultVersion(): number {
    return this.#version;
  }

  /** The vault key, for a sealed blob that survives a reload. Not a copy: do not wipe it. */
  get vaultKey(): Uint8Array {
    return this.#vaultKey;
  }

  /** The signing seed, for test vectors. Not a copy: do not wipe it. */
  get signingSeed(): Uint8Array {
    return this.#contents.signingSeed;
  }

  /** Position of the newest link of the own chain: what entries and links of others name as `author_chain_seq`. */
  get chainSeq(): number {
    return Math.max(0, this.#place.seq - 1);
  }

  /** Signs links of keyrings and units, as oneself or in a capacity. */
  linkSigner(tsMs: number): LinkSigner {
    return { user: this.user, chainSeq: this.chainSeq, capacity: null, signer: this.#signer, tsMs };
  }

  /**
   * Signs the next link of the own chain. The account counts it as appended: when the server refuses it, fetch the
   * chain and {@link Account.verify} again. Refuses with `ForeignChain` before the account was verified.
   */
  async signOwnLink(body: UserBody, tsMs: number): Promise<ChainLink> {
    if (this.#place.seq === 0) return deny('ForeignChain');
    const link = await signOwn(this.#signer, this.user, this.#place, tsMs, body);
    this.#place = after(this.#place, link);
    return chainLink('user', this.user, link);
  }

  /** Replaces the seed of `U` or `I` after a rotation; the vault must be written in the same commit. */
  rotated(keyring: Hex, generation: number, seed: Uint8Array): void {
    const which =
      keyring === this.personal.id ? 'personal' : keyring === this.inbox.id ? 'inbox' : deny('NoSeed');
    check(generation === this.#contents[which].generation + 1, 'WrongGeneration');
    this.#contents = { ...this.#contents, [which]: { id: keyring, generation, seed } };
  }

  /**
   * Replaces the signing key: the `rotate` link, signed by the old key and proved by the new one. The vault must be
   * written in the same commit.
   */
  async rotateSigning(generation: number, tsMs: number): Promise<ChainLink> {
    const signingSeed = random(32);
    const fresh = await signerOf(signingSeed);
    const proof = await keyProof(fresh, this.#place);
    const link = await this.signOwnLink({ t: 'rotate', generation, key: fresh.key, proof }, tsMs);
    this.#contents = { ...this.#contents, signingSeed };
    this.#signer = fresh;
    return link;
  }

  /** Writes the vault under the same vault key. */
  async rewrite(tsMs: number): Promise<Rewritten> {
    const vault = await sealVault(this.#contents, this.#vaultKey, this.#version + 1);
    const link = await this.signOwnLink(vaultLink(vault), tsMs);
    this.#version = vault.version;
    return { vault, links: [link], wraps: [], recovery: null };
  }

  /**
   * Writes the vault under a new vault key, for new openers and a new recovery code ({@link Account.recoveryCode}):
   * after a change of password or a recovery. `serverKey` is the key the new OPAQUE registration met.
   */
  async rekey(openers: readonly Opener[], serverKey: Uint8Array, tsMs: number): Promise<Rewritten> {
    this.#vaultKey = random(32);
    this.#contents = { ...this.#contents, serverKey };
    const { recovery, wrap, link } = await this.#newCode(tsMs);
    const wraps = [...(await this.wrapFor(openers)), wrap];
    const written = await this.rewrite(tsMs);
    return { vault: written.vault, links: [link, ...written.links], wraps, recovery };
  }

  /**
   * Makes a new recovery code in a running session (SEC-11): the links, the new server part, the one wrap and the vault,
   * which keeps the code to show it again.
   */
  async renewRecovery(tsMs: number): Promise<Rewritten> {
    const { recovery, wrap, link } = await this.#newCode(tsMs);
    const written = await this.rewrite(tsMs);
    return { vault: written.vault, links: [link, ...written.links], wraps: [wrap], recovery };
  }

  async #newCode(tsMs: number): Promise<{ recovery: Recovery; wrap: Wrap; link: ChainLink }> {
    const code = RecoveryCode.random();
    const serverHalf = random(32);
    const wrap = await wrapKey(this.#vaultKey, this.user, { t: 'recovery', code, serverHalf });
    const key = (await code.auth()).key.id;
    const link = await this.signOwnLink({ t: 'recovery_renewed', recovery: key }, tsMs);
    this.#contents = { ...this.#contents, recovery: code };
    return { recovery: await code.serverPart(serverHalf), wrap, link };
  }

  /** Wraps of the vault key for these openers. */
  async wrapFor(openers: readonly Opener[]): Promise<Wrap[]> {
    return wrapAll(this.#vaultKey, this.user, openers);
  }

  /** Overwrites the secrets that are bytes; the account is useless after it. */
  wipe(): void {
    const { personal, inbox, signingSeed, recovery } = this.#contents;
    for (const secret of [personal.seed, inbox.seed, signingSeed, recovery?.half, this.#vaultKey])
      secret?.fill(0);
  }
}
