/** What the signed acts of a thread say, in English. */

/** Who did something: a name, or the reader. */
interface Who {
  name: string;
  you: boolean;
}
const by = (who: Who): string => (who.you ? 'You' : who.name);
const says = (reason: string | null): string => (reason === null ? '' : `: “${reason}”`);

/** The section `acts` of the catalogue. */
export const acts = {
  create: (who: Who): string => `${by(who)} opened the thread`,
  policy: (who: Who): string => `${by(who)} changed the rules of the thread`,
  add: (who: Who, list: string): string => `${by(who)} added ${list || 'somebody'}`,
  invite: (who: Who, list: string): string => `${by(who)} invited ${list || 'somebody'}`,
  accept: (who: Who): string => `${by(who)} accepted the invitation`,
  decline: (who: Who, list: string, why: string | null): string =>
    `${by(who)} declined${list ? ` for ${list}` : ''}${says(why)}`,
  take: (who: Who, list: string): string => `${by(who)} took over${list ? ` for ${list}` : ''}`,
  assign: (who: Who, list: string): string => `${by(who)} assigned the thread to ${list || 'somebody'}`,
  return: (who: Who, list: string, why: string | null): string =>
    `${by(who)} returned the thread to triage${list ? ` (${list})` : ''}${says(why)}`,
  forward: (who: Who, list: string, why: string | null): string =>
    `${by(who)} forwarded the thread${list ? ` to ${list}` : ''}${says(why)}`,
  withdraw: (who: Who, list: string, why: string | null): string =>
    `${by(who)} withdrew ${list || 'an invitation'}${says(why)}`,
  remove: (who: Who, list: string, why: string | null): string =>
    `${by(who)} removed ${list || 'somebody'}${says(why)}`,
  leave: (who: Who): string => `${by(who)} left the thread`,
  role: (who: Who, list: string): string => `${by(who)} changed the role of ${list || 'somebody'}`,
  linkpatient: (who: Who): string => `${by(who)} linked the thread to a patient file`,
  priority: (who: Who, _list: string, what: string | null): string =>
    `${by(who)} changed the priority${what ? `: ${what}` : ''}`,
  ack: (who: Who): string => `${by(who)} acknowledged the urgent message`,
  epoch: (who: Who): string => `${by(who)} renewed the keys of the thread`,
  close: (who: Who, _list: string, why: string | null): string => `${by(who)} closed the thread${says(why)}`,
  reboxrequest: (who: Who): string => `${by(who)} asked again for the keys of the thread`,
  calljoin: (who: Who): string => `${by(who)} joined the call`,
  callleave: (who: Who): string => `${by(who)} left the call`,
  other: (who: Who): string => `${by(who)} did something this version does not know`,
};
