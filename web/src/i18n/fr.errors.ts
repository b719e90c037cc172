/** Words in French for everything that can fail: what happened, then what to do. */
import type { ErrorWords } from './codes';

const report = 'N’écrivez rien de clinique ici et prévenez votre administration.';
const again = 'Réessayez dans un instant.';
const signIn = 'Reconnectez-vous.';

export const frErrors: ErrorWords = {
  refused: {
    Malformed: {
      title: 'Le serveur n’a pas compris la demande.',
      todo: 'Rechargez la page. Si cela continue, prévenez le soutien informatique.',
    },
    UnknownType: {
      title: 'Le serveur ne connaît pas cette demande.',
      todo: 'Rechargez la page : elle est peut-être plus récente ou plus ancienne que le serveur.',
    },
    TooLarge: {
      title: 'C’est trop volumineux.',
      todo: 'Raccourcissez le texte ou joignez un fichier plus petit.',
    },
    Unauthenticated: { title: 'Vous n’êtes pas connecté.', todo: signIn },
    SessionExpired: {
      title: 'Votre session est arrivée à son terme.',
      todo: 'Reconnectez-vous. Rien de ce qui était parti n’est perdu.',
    },
    Revoked: {
      title: 'Cette session ou ce compte a été bloqué.',
      todo: 'Si ce n’est pas de votre fait, appelez votre administration.',
    },
    WrongCredentials: {
      title: 'Courriel ou mot de passe inexact.',
      todo: 'Vérifiez les deux, et la touche de verrouillage des majuscules.',
    },
    CodeWrong: { title: 'Ce n’est pas le bon code.', todo: 'Prenez le code du courriel le plus récent.' },
    CodeExpired: { title: 'Ce code n’est plus valable.', todo: 'Recommencez pour en recevoir un nouveau.' },
    TooManyTries: {
      title: 'Trop d’essais.',
      todo: 'Attendez un peu, puis recommencez. Votre administration peut aussi débloquer le compte.',
    },
    Throttled: { title: 'C’est un peu trop vite pour le serveur.', todo: again },
    InviteNeeded: {
      title: 'Ce serveur n’accepte que les personnes invitées.',
      todo: 'Demandez un code d’invitation à votre organisation.',
    },
    InviteInvalid: {
      title: 'Cette invitation n’est pas ou plus valable.',
      todo: 'Demandez-en une nouvelle à la personne qui vous l’a donnée.',
    },
    Forbidden: {
      title: 'Vous n’avez pas le droit de faire cela.',
      todo: 'Si c’est une erreur, demandez ce droit à votre administration.',
    },
    NotFound: { title: 'Introuvable, ou hors de votre portée.', todo: 'Revenez à la liste.' },
    Conflict: {
      title: 'Quelqu’un a été plus rapide.',
      todo: 'Regardez l’état actuel, puis recommencez s’il le faut.',
    },
    Stale: { title: 'La situation a changé entre-temps.', todo: again },
    AnsweredElsewhere: {
      title: 'L’appel a été pris ailleurs.',
      todo: 'Il continue sur un autre appareil, ou avec un collègue.',
    },
    CallOver: { title: 'L’appel est terminé.', todo: 'Rappelez au besoin.' },
    InAnotherCall: { title: 'Vous êtes déjà dans un appel.', todo: 'Quittez-le d’abord.' },
    CallUnderWay: { title: 'Il y a déjà un appel dans ce fil.', todo: 'Rejoignez-le.' },
    NobodyToRing: {
      title: 'Il n’y a personne à appeler.',
      todo: 'Ajoutez quelqu’un au fil, ou envoyez un message.',
    },
    Closed: { title: 'Le fil a été fermé.', todo: 'Commencez un nouveau fil. Votre texte est gardé ici.' },
    IdempotencyMismatch: { title: 'Cette demande avait déjà été faite autrement.', todo: 'Recommencez.' },
    ChainRefused: {
      title: 'Le serveur a refusé cet acte signé.',
      todo: 'Rechargez la page, puis recommencez.',
    },
    LimitReached: {
      title: 'Une limite est atteinte.',
      todo: 'Nommez une équipe plutôt que beaucoup de personnes, ou faites plusieurs envois.',
    },
    BoxMissing: { title: 'Les clés ne sont pas toutes arrivées au serveur.', todo: again },
    ContentMismatch: { title: 'Le fichier a été abîmé pendant l’envoi.', todo: 'Envoyez-le de nouveau.' },
    Overloaded: {
      title: 'Le serveur est très occupé.',
      todo: 'Relais réessaie tout seul. Rien n’est perdu.',
    },
    Unavailable: {
      title: 'Le serveur est momentanément indisponible.',
      todo: 'Relais réessaie tout seul. Rien n’est perdu.',
    },
    StorageFull: {
      title: 'Le serveur n’a plus d’espace.',
      todo: 'Rien n’est perdu, mais rien n’est accepté : prévenez le soutien informatique.',
    },
    Internal: {
      title: 'Le serveur a rencontré une erreur.',
      todo: 'Relais réessaie. Si cela dure, prévenez le soutien informatique.',
    },
    NotSupported: {
      title: 'Ce serveur ne sait pas encore le faire.',
      todo: 'Il faudra attendre une prochaine version.',
    },
    CoolingDown: {
      title: 'Un délai de sécurité n’est pas écoulé.',
      todo: 'Revenez plus tard : ce délai protège votre compte.',
    },
  },
  closed: {
    Draining: { title: 'Le serveur redémarre.', todo: 'Relais se reconnecte tout seul.' },
    TooSlow: { title: 'Le réseau est trop lent.', todo: 'Relais se reconnecte tout seul.' },
    Overloaded: { title: 'Le serveur est très occupé.', todo: 'Relais se reconnecte tout seul.' },
    PingTimeout: { title: 'La connexion ne répondait plus.', todo: 'Relais se reconnecte tout seul.' },
    Replaced: {
      title: 'Relais est ouvert dans un autre onglet.',
      todo: 'Continuez là-bas, ou utilisez Relais ici.',
    },
    Unavailable: {
      title: 'Le serveur est momentanément indisponible.',
      todo: 'Relais se reconnecte tout seul.',
    },
    Internal: { title: 'Une partie du serveur a redémarré.', todo: 'Relais se reconnecte tout seul.' },
    Malformed: { title: 'Le serveur n’a pas compris cette page.', todo: 'Rechargez la page.' },
    UnsupportedVersion: { title: 'Cette page n’est plus à jour.', todo: 'Rechargez la page.' },
    TooLarge: {
      title: 'Un envoi était trop volumineux.',
      todo: 'Rechargez la page, puis envoyez moins à la fois.',
    },
    AuthFailed: { title: 'La session n’a pas été reconnue.', todo: signIn },
    SessionExpired: {
      title: 'Votre session est arrivée à son terme.',
      todo: 'Reconnectez-vous. Rien de ce qui était parti n’est perdu.',
    },
    Revoked: {
      title: 'Il a été mis fin à cette session.',
      todo: 'Si ce n’est pas de votre fait, appelez votre administration.',
    },
  },
  hostile: {
    H01: { title: 'Le serveur a présenté une autre clé pour une personne connue.', todo: report },
    H02: { title: 'La fiche d’une personne ne correspond pas à son identité signée.', todo: report },
    H03: { title: 'Le serveur a montré deux versions d’une même histoire.', todo: report },
    H04: { title: 'Le serveur a montré une version plus ancienne qu’auparavant.', todo: report },
    H05: { title: 'Le serveur a fourni des données mal signées.', todo: report },
    H06: {
      title: 'L’auteur n’a pas signé ce message tel quel.',
      todo: 'Demandez à la personne, par un autre moyen, ce qu’elle a écrit, et prévenez votre administration.',
    },
    H07: {
      title: 'Un message de ce fil manque.',
      todo: 'Demandez aux participants, par un autre moyen, si quelque chose vous échappe, et prévenez votre administration.',
    },
    H08: { title: 'Les messages de ce fil ont été mis dans un autre ordre.', todo: report },
    H09: { title: 'Un ancien message a été présenté une deuxième fois.', todo: report },
    H10: { title: 'Les participants n’ont pas tous reçu le même fil.', todo: report },
    H11: { title: 'Le serveur a montré ce fil dans une version plus ancienne.', todo: report },
    H12: {
      title: 'Quelque chose a été ajouté après la fermeture du fil.',
      todo: 'Ne tenez pas compte de cet ajout et prévenez votre administration.',
    },
    H13: { title: 'Quelqu’un qui ne participe pas au fil pourrait le lire.', todo: report },
    H14: { title: 'Les clés n’ont pas été renouvelées après un départ.', todo: report },
    H15: { title: 'La clé reçue n’est pas celle qui a été signée.', todo: report },
    H16: { title: 'La clé reçue a été échangée.', todo: report },
    H17: {
      title: 'Une clé qui vous est destinée n’a pas été remise.',
      todo: 'Relais la redemande. Si cela dure, prévenez votre administration.',
    },
    H18: {
      title: 'Ce message a été modifié en chemin.',
      todo: 'Demandez à la personne de l’écrire de nouveau, et prévenez votre administration.',
    },
    H19: { title: 'L’accusé du serveur ne correspond pas au message.', todo: report },
    H20: {
      title: 'Le serveur a rendu un ancien coffre de clés.',
      todo: 'Ne continuez pas sur cet appareil et prévenez votre administration.',
    },
    H21: {
      title: 'Votre propre identité a été modifiée sans vous.',
      todo: 'Ne continuez pas et appelez votre administration tout de suite.',
    },
    H22: {
      title: 'Le serveur a demandé une protection affaiblie du mot de passe.',
      todo: 'Votre mot de passe n’a pas été envoyé. Prévenez votre administration.',
    },
    H23: {
      title: 'Ce serveur n’est pas celui que vous connaissez.',
      todo: 'N’écrivez pas votre mot de passe et prévenez votre administration.',
    },
    H24: {
      title: 'Aucune administration n’a signé l’appartenance de cette personne.',
      todo: 'Vérifiez son identité de vive voix avant d’écrire.',
    },
    H25: {
      title: 'Ce fichier n’est pas celui qui a été envoyé.',
      todo: 'Ne l’utilisez pas. Demandez un nouvel envoi et prévenez votre administration.',
    },
    H26: {
      title: 'Le serveur a laissé un trou dans ce qu’il remet.',
      todo: 'Rechargez la page. Si cela revient, prévenez votre administration.',
    },
    H27: { title: 'Le serveur refuse sans cesse ce qui est pourtant à jour.', todo: report },
    H28: { title: 'Quelqu’un d’autre a accepté l’invitation.', todo: report },
    H29: { title: 'Une ancienne liste de vos fils a été servie.', todo: report },
  },
  local: {
    storage: {
      title: 'Ce navigateur refuse d’enregistrer quoi que ce soit.',
      todo: 'Quittez la navigation privée ou permettez le stockage pour ce site. Sans cela, une session ne survit pas à un rechargement.',
    },
    storageFull: {
      title: 'L’espace de ce navigateur est plein.',
      todo: 'Libérez de la place sur l’appareil, puis réessayez.',
    },
    crypto: {
      title: 'Ce navigateur n’a pas ce qu’il faut pour chiffrer.',
      todo: 'Utilisez une version récente de Firefox, Chrome, Edge ou Safari, à une adresse sécurisée.',
    },
    tooLarge: {
      title: 'C’est trop volumineux.',
      todo: 'Raccourcissez le texte ou joignez un fichier plus petit.',
    },
    wrongSecret: {
      title: 'Mot de passe ou code inexact.',
      todo: 'Vérifiez la saisie et la touche de verrouillage des majuscules.',
    },
    weakPassword: {
      title: 'Ce mot de passe est trop facile à deviner.',
      todo: 'Prenez au moins 12 caractères, par exemple plusieurs mots.',
    },
    otherPassword: {
      title: 'Ce que ce navigateur a conservé n’ouvre plus votre compte.',
      todo: 'Votre mot de passe a peut-être été changé. Connectez-vous avec le nouveau, ou avec l’ancien s’il fonctionne encore.',
    },
    notSignedIn: { title: 'Vous n’êtes pas connecté.', todo: signIn },
    noKey: {
      title: 'Votre compte n’a pas la clé de ce contenu.',
      todo: 'Il a été écrit avant votre arrivée ou après votre départ.',
    },
    notFound: { title: 'Introuvable.', todo: 'Revenez à la liste.' },
    notPossible: {
      title: 'Ce n’est pas possible pour l’instant.',
      todo: 'La situation a pu changer : rechargez la page, puis réessayez.',
    },
    movedOn: {
      title: 'La situation de ce participant vient de changer.',
      todo: 'Rien n’a été fait. Fermez, regardez de nouveau la liste, puis décidez.',
    },
    unsettled: {
      title: 'Aucune réponse : votre compte a peut-être changé.',
      todo: 'Ne comptez ni sur l’ancien code de récupération ni sur le nouveau. Une fois la connexion revenue, renouvelez le code. Si vous changiez de mot de passe, essayez d’abord le nouveau.',
    },
    lastOwner: {
      title: 'Vous êtes la dernière personne responsable de ce fil.',
      todo: 'Fermez-le, ou restez : sans vous, personne ne pourrait le fermer ni en retirer quelqu’un.',
    },
    protocol: {
      title: 'La réponse du serveur est incompréhensible.',
      todo: 'Rechargez la page. Si cela continue, prévenez le soutien informatique.',
    },
    version: { title: 'Cette page n’est plus à jour.', todo: 'Rechargez la page.' },
    otherTab: {
      title: 'Relais est ouvert dans un autre onglet.',
      todo: 'Continuez là-bas, ou utilisez Relais ici.',
    },
    damaged: {
      title: 'Ce que cet appareil gardait ne s’ouvre plus.',
      todo: 'Reconnectez-vous : vos messages sont sur le serveur.',
    },
    clock: {
      title: 'L’horloge de cet appareil n’est pas à l’heure.',
      todo: 'Réglez la date et l’heure, puis réessayez.',
    },
    ownCheck: {
      title: 'Cet appareil a arrêté un envoi qui n’était pas conforme.',
      todo: 'Rien n’est parti. Rechargez la page et recommencez.',
    },
    platform: { title: 'Cet appareil a rencontré une erreur.', todo: 'Rechargez la page et recommencez.' },
  },
  offline: {
    unreachable: {
      title: 'Le serveur ne répond pas.',
      todo: 'Vérifiez le réseau, puis réessayez.',
    },
    noAnswer: {
      title: 'La réponse n’est pas arrivée.',
      todo: 'Réessayez : Relais reprend la même demande, rien n’est fait deux fois.',
    },
    busy: { title: 'Beaucoup d’envois sont déjà en cours.', todo: again },
  },
  unknown: {
    title: 'Le serveur a refusé.',
    todo: 'Rechargez la page. Si cela continue, prévenez le soutien informatique.',
  },
};
