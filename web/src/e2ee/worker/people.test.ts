import { describe, expect, it } from 'vitest';
import type { KeyringKind, Owner } from '../../chain/facts';
import type { Party, Presence } from '../../chain/party';
import type { ThreadState } from '../../chain/thread';
import type { Inside } from './inside';
import { renewEpoch } from './outgoing';
import { checkReaders } from './people';
import { Thread } from './thread';

const ORG = '01'.repeat(16);
const WARD = '02'.repeat(16);
const OTHER = '03'.repeat(16);
const MANAGERS = '04'.repeat(16);
const ALL = '05'.repeat(16);

interface Ring {
  readonly kind: KeyringKind;
  readonly owner: Owner;
  readonly paired: string | null;
}

const GOOD: Readonly<Record<string, Ring>> = {
  [MANAGERS]: { kind: 'TM', owner: { kind: 'unit', id: WARD }, paired: null },
  [ALL]: { kind: 'TA', owner: { kind: 'unit', id: WARD }, paired: MANAGERS },
};

/** An account that has verified these keyrings, and a ward of the organization and another unit that is none. */
function knowing(rings: Readonly<Record<string, Ring>>): Inside {
  const units: Record<string, { parent: string | null }> = {
    [ORG]: { parent: null },
    [WARD]: { parent: ORG },
    [OTHER]: { parent: null },
  };
  const chains = {
    keyringChain: (id: string) => rings[id] ?? null,
    unit: (id: string) => units[id] ?? null,
  };
  return { book: { need: () => Promise.resolve(), chains } } as unknown as Inside;
}

/** What is needed of a thread with one team. */
function having(presence: Presence): ThreadState {
  const party: Party = { kind: 'team', managers: MANAGERS, all: ALL, org: ORG };
  const roster = { form: 'thread', parties: new Map([['team', { party, presence }]]), nextRecipients: [] };
  return { roster } as unknown as ThreadState;
}

const [managers, all] = [GOOD[MANAGERS]!, GOOD[ALL]!];
const LIES: readonly (readonly [string, Readonly<Record<string, Ring>>])[] = [
  ['managers of another kind', { ...GOOD, [MANAGERS]: { ...managers, kind: 'TA' } }],
  ['managers owned by a person', { ...GOOD, [MANAGERS]: { ...managers, owner: { kind: 'user', id: WARD } } }],
  [
    'managers of another organization',
    { ...GOOD, [MANAGERS]: { ...managers, owner: { kind: 'unit', id: OTHER } } },
  ],
  ['a whole team of another kind', { ...GOOD, [ALL]: { ...all, kind: 'TM' } }],
  ['a whole team paired with others', { ...GOOD, [ALL]: { ...all, paired: ALL } }],
  ['a whole team owned by another unit', { ...GOOD, [ALL]: { ...all, owner: { kind: 'unit', id: ORG } } }],
  ['a whole team owned by a person', { ...GOOD, [ALL]: { ...all, owner: { kind: 'user', id: WARD } } }],
];

describe('who a thread is sealed to', () => {
  it('may be a team whose keyrings are what they are said to be', async () => {
    await expect(checkReaders(knowing(GOOD), having('active').roster)).resolves.toBeUndefined();
  });

  it.each(LIES)('is not %s: no epoch is made (attack H02)', async (_, rings) => {
    const made = renewEpoch(knowing(rings), new Thread(ORG), having('active'), 'participants', []);
    await expect(made).rejects.toMatchObject({ failure: { kind: 'hostile', code: 'H02' } });
    await expect(checkReaders(knowing(rings), having('removed').roster)).resolves.toBeUndefined();
  });
});
