/** Whole lives of accounts, keyrings and threads, checked as the server would: each link and entry by the chain rules. */
import { describe, expect, it } from 'vitest';
import type { Signed } from '../chain';
import {
  Directory,
  ThreadState,
  UNIT_BODIES,
  commitment,
  signControl,
  signLink,
  signMessage,
  type Applied,
  type EntryCore,
  type Party,
} from '../chain';
import { hex, type Hex } from '../wire/bytes';
import type { ChainLink, SealedBox } from '../wire/gen/wire';
import {
  Account,
  InviteSecret,
  Seeds,
  ThreadKeys,
  addMember,
  createAccount,
  createKeyring,
  epochDue,
  firstEpoch,
  historyOf,
  nextEpoch,
  openCurrent,
  openMessage,
  random,
  rotateKeyring,
  actWithoutSeed,
  safetyNumber,
  sealMessage,
  targetOf,
  targetsOf,
  textBody,
  type NewAccount,
  type Opener,
} from './index';

const NOW = 1_795_000_000_000;
const APPEND = { nowMs: NOW };
const id = (): Hex => hex(random(16));
const opener = (): Opener => ({ t: 'password', exportKey: new Uint8Array(64).fill(5) });

async function take(dir: Directory, links: readonly ChainLink[]): Promise<void> {
  for (const { chain, id: of, link } of links) {
    if (chain === 'user') await dir.userLink(hex(of), link, APPEND);
    else if (chain === 'keyring') await dir.keyringLink(hex(of), link, APPEND);
    else await dir.unitLink(hex(of), link, APPEND);
  }
}

async function register(dir: Directory): Promise<NewAccount> {
  const made = await createAccount(id(), [opener()], new Uint8Array(32).fill(6), NOW);
  await take(dir, made.links);
  return made;
}

function verified(account: Account, made: Pick<NewAccount, 'vault'>, dir: Directory): void {
  account.verify(made.vault, dir.userChain(account.user)!);
  account.verifyKeyrings(dir.keyringChain(account.personal.id)!, dir.keyringChain(account.inbox.id)!);
}

describe('an account', () => {
  it('that was registered opens again by password and by recovery code, and verifies', async () => {
    const dir = new Directory();
    const made = await register(dir);
    const { user } = made.account;
    const again = await Account.open(user, made.vault, made.wraps, opener());
    await expect(again.signOwnLink({ t: 'vault', version: 9, hash: again.root }, NOW)).rejects.toThrow(
      'ForeignChain',
    );
    verified(again, made, dir);
    again.checkServerKey(new Uint8Array(32).fill(6));
    expect(() => {
      again.checkServerKey(new Uint8Array(32));
    }).toThrow('ServerKeyChanged');
    const { server_half: serverHalf } = made.recovery;
    await Account.open(user, made.vault, made.wraps, { t: 'recovery', code: made.code, serverHalf });
    const wrong: Opener = { t: 'password', exportKey: new Uint8Array(64) };
    await expect(Account.open(user, made.vault, made.wraps, wrong)).rejects.toThrow('WrapRejected');
    expect(dir.userChain(user)!.recovery).toBe((await made.code.auth()).key.id);
  });

  it('changes its password, renews its code and rotates its keys, each accepted by its chain', async () => {
    const dir = new Directory();
    const made = await register(dir);
    const { account } = made;
    const { user } = account;
    const next: Opener = { t: 'password', exportKey: new Uint8Array(64).fill(7) };
    const rekeyed = await account.rekey([next], new Uint8Array(32).fill(8), NOW);
    await take(dir, rekeyed.links);
    const opened = await Account.open(user, rekeyed.vault, rekeyed.wraps, next);
    verified(opened, rekeyed, dir);
    await expect(Account.open(user, rekeyed.vault, rekeyed.wraps, opener())).rejects.toThrow('WrapRejected');
    expect(() => {
      opened.verify(made.vault, dir.userChain(user)!);
    }).toThrow('VaultRolledBack');

    const renewed = await account.renewRecovery(NOW);
    await take(dir, renewed.links);
    expect(renewed.wraps.map((wrap) => wrap.kind)).toEqual(['recovery']);
    const code = account.recoveryCode!;
    const { server_half: serverHalf } = renewed.recovery!;
    await Account.open(user, renewed.vault, renewed.wraps, { t: 'recovery', code, serverHalf });

    const rotate = await account.rotateSigning(2, NOW);
    const rewritten = await account.rewrite(NOW);
    await take(dir, [rotate, ...rewritten.links]);
    expect(dir.userChain(user)!.generation).toBe(2);
    await opened.reload(rewritten.vault);
    verified(opened, rewritten, dir);
    await expect(opened.reload(renewed.vault)).rejects.toThrow('VaultRolledBack');
    expect(safetyNumber(account.root, opened.root)).toMatch(/^(\d{5} ){11}\d{5}$/);
  });
});

/** A keyring of several people: a unit's administrators. */
async function unit(dir: Directory, founder: Account): Promise<{ unit: Hex; admins: Hex; seed: Uint8Array }> {
  const [unitId, admins] = [id(), id()];
  const by = founder.linkSigner(NOW);
  const target = targetOf(dir.keyringChain(founder.personal.id)!);
  const owner = { kind: 'unit', id: unitId } as const;
  const made = await createKeyring({ id: admins, kind: 'OA', owner, paired: null }, [target], by);
  await dir.keyringLink(admins, made.link.toBytes(), APPEND);
  const body = {
    t: 'genesis',
    parent: null,
    admins: { id: admins, first: made.link.linkHash() },
    founder: founder.root,
  } as const;
  const author = { user: founder.user, chainSeq: founder.chainSeq, capacity: null };
  const place = { chainId: unitId, seq: 1, prev: null };
  const genesis = await signLink(by.signer, UNIT_BODIES, { place, author, tsMs: NOW, body });
  await dir.unitLink(unitId, genesis.toBytes(), APPEND);
  return { unit: unitId, admins, seed: made.seed };
}

describe('a keyring', () => {
  it('gives a new member one box and with it every generation back to the first', async () => {
    const dir = new Directory();
    const [ada, ben] = [await register(dir), await register(dir)];
    const oa = await unit(dir, ada.account);
    const chain = dir.keyringChain(oa.admins)!;
    const rotated = await rotateKeyring(chain, oa.seed, dir, 'routine', ada.account.linkSigner(NOW));
    await dir.keyringLink(oa.admins, rotated.link.toBytes(), APPEND);
    const benTarget = targetOf(dir.keyringChain(ben.account.personal.id)!);
    const added = await addMember(chain, rotated.seed, benTarget, 'holder', ada.account.linkSigner(NOW));
    await dir.keyringLink(oa.admins, added.link.toBytes(), APPEND);

    const { id: benU, seed: benSeed } = ben.account.personal;
    const seed = await openCurrent(chain, added.boxes, benU, benSeed);
    expect(hex(seed)).toBe(hex(rotated.seed));
    const first = await Seeds.with(2, seed).reach(
      { scope: 'keyring', id: oa.admins, generation: 1 },
      historyOf(chain),
    );
    expect(hex(first)).toBe(hex(oa.seed));
    await expect(openCurrent(chain, [], benU, benSeed)).rejects.toThrow('BoxMissing');
    const swapped = added.boxes.map((box): SealedBox => ({ ...box, bytes: rotated.boxes[0]!.bytes }));
    await expect(openCurrent(chain, swapped, benU, benSeed)).rejects.toThrow('BoxHashMismatch');

    const removal = { t: 'remove', keyring: benU, reason: 'removed' } as const;
    const gone = await actWithoutSeed(chain, removal, ada.account.linkSigner(NOW));
    await dir.keyringLink(oa.admins, gone.link.toBytes(), APPEND);
    expect(chain.rotationDue).toBe(true);
    const after = await rotateKeyring(chain, seed, dir, 'removed', ada.account.linkSigner(NOW));
    await dir.keyringLink(oa.admins, after.link.toBytes(), APPEND);
    expect(after.boxes).toHaveLength(1);
    await expect(openCurrent(chain, added.boxes, benU, benSeed)).rejects.toThrow('NotMember');
    await expect(rotateKeyring(chain, seed, dir, 'routine', ada.account.linkSigner(NOW))).rejects.toThrow(
      'CommitMismatch',
    );
  });

  it('attests people by its commitments', () => {
    expect(commitment('name', new Uint8Array(16), 'Ada')).toHaveLength(64);
  });
});

/** One participant's side of a thread. */
class Side {
  readonly state: ThreadState;
  readonly keys: ThreadKeys;
  readonly device = id();

  constructor(
    readonly account: Account,
    thread: Hex,
  ) {
    this.state = new ThreadState(thread);
    this.keys = new ThreadKeys(thread);
  }

  draft(kind: 'message' | 'create' | 'epoch' | 'invite' | 'accept' | 'close'): EntryCore {
    const author = { user: this.account.user, chainSeq: this.account.chainSeq, capacity: null };
    return this.state.draft(kind, author, this.device, id(), NOW);
  }

  async take(dir: Directory, signed: Signed): Promise<Applied> {
    const applied = await this.state.append(dir, signed.toBytes(), APPEND);
    if (applied.control !== null) this.keys.note(applied.control);
    return applied;
  }

  async open(dir: Directory, epoch: number, boxes: readonly SealedBox[]): Promise<void> {
    const { id: holder, generation, seed } = this.account.inbox;
    const history = historyOf(dir.keyringChain(holder)!);
    await this.keys.openBox(epoch, boxes, holder, Seeds.with(generation, seed), history);
  }

  async read(applied: Applied, signed: Signed): Promise<string> {
    return (await openMessage(applied, signed, await this.keys.seed(applied.core.epoch))).text;
  }
}

const party = (account: Account, role: 'owner' | 'member'): Party => ({
  kind: 'user',
  user: account.user,
  keyring: account.inbox.id,
  asOrg: null,
  role,
  standing: 'professional',
  team: null,
});

describe('a thread', () => {
  it('is made, written, rotated and closed by one and read by another', async () => {
    const dir = new Directory();
    const [ada, ben, eve] = [await register(dir), await register(dir), await register(dir)];
    const thread = id();
    const [a, b] = [new Side(ada.account, thread), new Side(ben.account, thread)];
    const parties = [party(ada.account, 'owner'), party(ben.account, 'member')].sort((x, y) =>
      x.kind === 'user' && y.kind === 'user' && x.user < y.user ? -1 : 1,
    );
    const first = await firstEpoch(thread, targetsOf(dir, [ada.account.inbox.id, ben.account.inbox.id]));
    const policy = { add: 0, close: 0, joiners: 0, allowed: 7 };
    const create = {
      form: 'thread',
      context: null,
      policy,
      parties,
      epoch: first.body,
      priority: 'normal',
    } as const;
    const created = await signControl(ada.account.signer, a.draft('create'), { t: 'create', create });
    await a.take(dir, created);
    await b.take(dir, created);
    a.keys.insert(0, first.seed);
    await b.open(dir, 0, first.boxes);

    const hello = await sealMessage(ada.account.signer, a.draft('message'), first.seed, textBody('Bonjour'));
    await a.take(dir, hello);
    const got = await b.take(dir, hello);
    expect(await b.read(got, hello)).toBe('Bonjour');
    expect(epochDue(b.state.roster, dir, 1, 0)).toBeNull();
    expect(epochDue(b.state.roster, dir, 10_000, 0)).toBe('age');

    // Another reader's box, or a member who re-signs the ciphertext as its own, opens nothing.
    const stranger = new Side(eve.account, thread);
    await stranger.take(dir, created);
    await expect(stranger.open(dir, 0, first.boxes)).rejects.toThrow('UnknownParty');
    const stolen = await resigned(ben.account, b.draft('message'), hello);
    const taken = await b.state.clone().append(dir, stolen.toBytes(), APPEND);
    await expect(openMessage(taken, stolen, first.seed)).rejects.toThrow('MessageRejected');

    const next = await nextEpoch(thread, a.state.roster, dir, first.seed, 'routine');
    const epoch = await signControl(ada.account.signer, a.draft('epoch'), { t: 'epoch', body: next.body });
    await a.take(dir, epoch);
    a.keys.insert(1, next.seed);
    const late = ThreadKeys.resumed(thread, a.state.roster.epoch);
    late.insert(1, next.seed);
    await expect(late.seed(0)).rejects.toThrow('HistoryWalled');
    expect(hex(await a.keys.seed(0))).toBe(hex(first.seed));
    await b.take(dir, epoch);
    await b.open(dir, 1, next.boxes);

    const { head } = b.state;
    const close = {
      t: 'close',
      finalSeq: head.n,
      finalHead: head.head,
      outcome: 'done',
      reason: null,
    } as const;
    const closed = await signControl(ada.account.signer, a.draft('close'), close);
    await b.take(dir, closed);
    const after = await sealMessage(ben.account.signer, b.draft('message'), next.seed, textBody('Encore'));
    await expect(b.take(dir, after)).rejects.toThrow('Closed');
  });

  it('takes in the bearer of an invitation, who reads from the joining on', async () => {
    const dir = new Directory();
    const [ada, zoe] = [await register(dir), await register(dir)];
    const thread = id();
    const a = new Side(ada.account, thread);
    const first = await firstEpoch(thread, targetsOf(dir, [ada.account.inbox.id]));
    const policy = { add: 0, close: 0, joiners: 0, allowed: 7 };
    const parties = [party(ada.account, 'owner')];
    const create = {
      form: 'thread',
      context: null,
      policy,
      parties,
      epoch: first.body,
      priority: 'normal',
    } as const;
    await a.take(dir, await signControl(ada.account.signer, a.draft('create'), { t: 'create', create }));

    const secret = InviteSecret.random();
    const invitee = { t: 'bearer', key: (await secret.key()).key, standing: 'patient' } as const;
    const invite = { t: 'invite', invitee, history: 'fromJoin', expiresMs: NOW + 1000 } as const;
    const invited = await a.take(dir, await signControl(ada.account.signer, a.draft('invite'), invite));

    const z = new Side(zoe.account, thread);
    const zoeParty: Party = { ...party(zoe.account, 'member'), standing: 'patient' } as Party;
    const draft = { ...a.draft('accept'), device: z.device, aseq: 1 };
    const author = { user: zoe.account.user, chainSeq: zoe.account.chainSeq, capacity: null };
    const proof = await secret.prove(thread, invited.core.msgId, zoe.account.user, zoe.account.root);
    const bearer = { party: zoeParty, root: zoe.account.root, proof };
    const accept = { t: 'accept', invite: invited.core.msgId, bearer } as const;
    const lying = { ...accept, bearer: { ...bearer, proof: new Uint8Array(64) } };
    const forged = await signControl(zoe.account.signer, { ...draft, author }, lying);
    await expect(a.take(dir, forged)).rejects.toThrow('BadInvitationProof');
    await a.take(dir, await signControl(zoe.account.signer, { ...draft, author }, accept));

    expect(epochDue(a.state.roster, dir, 0, 0)).toBe('participants');
    const next = await nextEpoch(thread, a.state.roster, dir, first.seed, 'routine');
    expect(next.body.prevBox).toBeNull();
    await a.take(
      dir,
      await signControl(ada.account.signer, a.draft('epoch'), { t: 'epoch', body: next.body }),
    );
    expect(a.state.roster.phase).toBe('open');
    const keys = ThreadKeys.resumed(thread, a.state.roster.epoch);
    const { id: holder, generation, seed } = zoe.account.inbox;
    await keys.openBox(
      1,
      next.boxes,
      holder,
      Seeds.with(generation, seed),
      historyOf(dir.keyringChain(holder)!),
    );
    expect(hex(keys.newestSeed!.seed)).toBe(hex(next.seed));
    expect(keys.isRecipient(1, holder)).toBe(true);
  });
});

/** Another's ciphertext under one's own core and signature. */
async function resigned(account: Account, draft: EntryCore, of: Signed): Promise<Signed> {
  return signMessage(account.signer, draft, of.payload!);
}

describe('links that are verified at the same time', () => {
  it('for one place: one is taken in, the other refused, and the chain stays whole', async () => {
    const dir = new Directory();
    const made = await createAccount(id(), [opener()], new Uint8Array(32), NOW);
    const { user } = made.account;
    const first = made.links[0]!.link;
    const starts = await Promise.allSettled([
      dir.userLink(user, first, APPEND),
      dir.userLink(user, first, APPEND),
    ]);
    expect(starts.map((each) => each.status).sort()).toEqual(['fulfilled', 'rejected']);
    await take(dir, made.links.slice(1));
    const length = dir.userChain(user)!.tail.seq;
    const next = await made.account.signOwnLink(
      { t: 'recovery_renewed', recovery: made.account.signer.key.id },
      NOW,
    );
    const both = await Promise.allSettled([
      dir.userLink(user, next.link, APPEND),
      dir.userLink(user, next.link, APPEND),
    ]);
    expect(both.map((each) => each.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(dir.userChain(user)!.tail.seq).toBe(length + 1);
  });
});
