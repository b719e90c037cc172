/** Words for bringing people into a thread and out of it, in French. */
import { plural } from './plural';

const n = plural('fr');

/** The section `people` of the catalogue. */
export const people = {
  unnamedTeam: 'Équipe d’une autre unité',
  add: 'Ajouter ou inviter',
  addTitle: 'Ajouter ou inviter des participants',
  addText:
    'Une personne ou une équipe de votre organisation participe aussitôt et lit ce qui précède, jusqu’à la dernière arrivée de l’extérieur. Les autres reçoivent une invitation et lisent ce qui suit leur accord.',
  addTo: 'Personnes et équipes',
  addNow: (count: number): string =>
    n(count, { zero: 'Ajouter', one: 'Ajouter 1', other: `Ajouter ${count}` }),
  addedOne: (name: string): string => `${name} participe au fil.`,
  invitedOne: (name: string): string => `${name} a reçu une invitation.`,
  addFailed: (name: string): string => `${name} n’a pas été ajouté.`,
  takeOut: (name: string): string => `Retirer ${name}`,
  takeOutTitle: (name: string): string => `Retirer ${name} du fil ?`,
  takeOutText: (name: string): string =>
    `${name} n’aura plus accès à ce fil. Ses clés sont renouvelées : rien de ce qui suit ne pourra être lu. Les participants le verront.`,
  takeOutThrough: (name: string, team: string): string =>
    `${name} ne participe plus en son nom, mais continue de lire ce fil comme membre de ${team}. Les participants le verront.`,
  takeOutTeam: (name: string): string =>
    `${name} n’aura plus accès à ce fil ; ses membres qui participent en leur nom y restent. Les clés du fil sont renouvelées. Les participants le verront.`,
  takeOutNow: 'Retirer',
  takeBack: (name: string): string => `Annuler l’invitation de ${name}`,
  takeBackTitle: (name: string): string => `Annuler l’invitation de ${name} ?`,
  takeBackText: (name: string): string =>
    `${name} ne pourra plus l’accepter. Vous pourrez inviter de nouveau.`,
  takeBackNow: 'Annuler l’invitation',
  declineText: 'Vous n’aurez plus accès à ce fil. Les participants verront que vous avez décliné.',
};
