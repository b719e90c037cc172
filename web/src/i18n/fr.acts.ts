/** What the signed acts of a thread say, in French. */

/** Who did something: a name, or the reader. */
interface Who {
  name: string;
  you: boolean;
}
const has = (who: Who): string => (who.you ? 'Vous avez' : `${who.name} a`);
const says = (reason: string | null): string => (reason === null ? '' : ` : « ${reason} »`);

/** The section `acts` of the catalogue. */
export const acts = {
  create: (who: Who, _list: string, _why: string | null): string => `${has(who)} ouvert le fil`,
  policy: (who: Who, _list: string, _why: string | null): string => `${has(who)} changé les règles du fil`,
  add: (who: Who, list: string, _why: string | null): string => `${has(who)} ajouté ${list || 'quelqu’un'}`,
  invite: (who: Who, list: string, _why: string | null): string =>
    `${has(who)} invité ${list || 'quelqu’un'}`,
  accept: (who: Who, _list: string, _why: string | null): string => `${has(who)} accepté l’invitation`,
  decline: (who: Who, list: string, why: string | null): string =>
    `${has(who)} décliné${list ? ` pour ${list}` : ''}${says(why)}`,
  take: (who: Who, list: string, _why: string | null): string =>
    `${has(who)} pris le relais${list ? ` pour ${list}` : ''}`,
  assign: (who: Who, list: string, _why: string | null): string =>
    `${has(who)} confié le fil à ${list || 'quelqu’un'}`,
  return: (who: Who, list: string, why: string | null): string =>
    `${has(who)} remis le fil en boîte de triage${list ? ` (${list})` : ''}${says(why)}`,
  forward: (who: Who, list: string, why: string | null): string =>
    `${has(who)} transféré le fil${list ? ` : ${list}` : ''}${says(why)}`,
  withdraw: (who: Who, list: string, why: string | null): string =>
    `${has(who)} retiré ${list || 'une invitation'}${says(why)}`,
  remove: (who: Who, list: string, why: string | null): string =>
    `${has(who)} retiré ${list || 'quelqu’un'}${says(why)}`,
  leave: (who: Who, _list: string, _why: string | null): string => `${has(who)} quitté le fil`,
  role: (who: Who, list: string, _why: string | null): string =>
    `${has(who)} changé le rôle de ${list || 'quelqu’un'}`,
  linkpatient: (who: Who, _list: string, _why: string | null): string =>
    `${has(who)} associé le fil à une fiche patient`,
  priority: (who: Who, _list: string, what: string | null): string =>
    `${has(who)} changé la priorité${what ? ` : ${what}` : ''}`,
  ack: (who: Who, _list: string, _why: string | null): string =>
    `${has(who)} pris connaissance du message urgent`,
  epoch: (who: Who, _list: string, _why: string | null): string => `${has(who)} renouvelé les clés du fil`,
  close: (who: Who, _list: string, why: string | null): string => `${has(who)} fermé le fil${says(why)}`,
  reboxrequest: (who: Who, _list: string, _why: string | null): string =>
    `${has(who)} redemandé les clés du fil`,
  calljoin: (who: Who, _list: string, _why: string | null): string => `${has(who)} rejoint l’appel`,
  callleave: (who: Who, _list: string, _why: string | null): string => `${has(who)} quitté l’appel`,
  other: (who: Who, _list: string, _why: string | null): string =>
    `${has(who)} fait un acte que cette version ne connaît pas`,
};
