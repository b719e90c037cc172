/** Words for bringing people into a thread and out of it, in English. */
import type { Catalog } from './fr';
import { plural } from './plural';

const n = plural('en');

/** The section `people` of the catalogue. */
export const people = {
  unnamedTeam: 'Team of another unit',
  add: 'Add or invite',
  addTitle: 'Add or invite participants',
  addText:
    'A person or team of your organization takes part at once and reads what came before, back to the last arrival from outside. Others are invited, and read what follows once they accept.',
  addTo: 'People and teams',
  addNow: (count: number) => n(count, { zero: 'Add', one: 'Add 1', other: `Add ${count}` }),
  addedOne: (name: string) => `${name} takes part in the thread.`,
  invitedOne: (name: string) => `${name} was sent an invitation.`,
  addFailed: (name: string) => `${name} was not added.`,
  takeOut: (name: string) => `Remove ${name}`,
  takeOutTitle: (name: string) => `Remove ${name} from the thread?`,
  takeOutText: (name: string) =>
    `${name} loses access to this thread. Its keys are renewed: nothing that follows can be read. Participants see it.`,
  takeOutThrough: (name: string, team: string) =>
    `${name} stops taking part in person, but goes on reading this thread as a member of ${team}. Participants see it.`,
  takeOutTeam: (name: string) =>
    `${name} loses access to this thread; those of its members who take part in person stay. Its keys are renewed. Participants see it.`,
  takeOutNow: 'Remove',
  takeBack: (name: string) => `Cancel the invitation of ${name}`,
  takeBackTitle: (name: string) => `Cancel the invitation of ${name}?`,
  takeBackText: (name: string) => `${name} can no longer accept it. You can invite again.`,
  takeBackNow: 'Cancel the invitation',
  declineText: 'You lose access to this thread. Participants see that you declined.',
} satisfies Catalog['people'];
