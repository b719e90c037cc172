/**
 * What the page and the crypto worker say to each other.
 *
 * The worker holds every key, the socket, the outbox and the verified state of every chain; the page gets
 * plain, already verified, structured-cloneable views and never a key. Ids are lower-case hexadecimal strings
 * here (32 digits), because the page uses them as map keys and in the address bar; times are server time in
 * milliseconds since 1970.
 *
 * Not known here: how anything is encrypted, and how anything is shown.
 */

/** 16 bytes as 32 hexadecimal digits. */
export type Id = string;
/** Milliseconds since 1970, server time. */
export type Ms = number;
/** Languages of the interface. */
export type Locale = 'fr' | 'en';

/** What the person can do about a failure decides its kind; the words are in `i18n/errors.ts`. */
export interface Failure {
  /**
   * `refused`: the server's typed refusal, `code` is the wire's ErrorCode.
   * `hostile`: a check on the server or on a peer failed, `code` is the client's stable code such as `H02`.
   * `offline`: no connection, it is tried again. `local`: this browser could not (storage, crypto, size).
   */
  kind: 'refused' | 'hostile' | 'offline' | 'local';
  /** Stable code: a number for `refused`, `H..` for `hostile`, a word for the others. */
  code: number | string;
  /** Milliseconds after which it may be tried again. */
  retryAfter?: number;
}

/** Codes of `hostile`: what a lying server or peer tried, as in the native client. */
export type HostileCode = `H${'0' | '1' | '2'}${'0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9'}`;

/** Codes of `offline`. A closed connection has the wire's close code instead. */
export type OfflineCode = 'unreachable' | 'noAnswer' | 'busy';

/** Codes of `local`. The interface has words for each; any other word is shown as `platform`. */
export type LocalCode =
  | 'storage' // this browser refuses to store anything
  | 'storageFull'
  | 'crypto' // the browser misses what the encryption needs
  | 'tooLarge'
  | 'wrongSecret' // wrong password or recovery code, found out here
  | 'weakPassword'
  | 'notSignedIn'
  | 'otherPassword' // what was kept here does not open the account any more: it has a new password, or may have
  | 'noKey' // not readable with this account's keys
  | 'notFound'
  | 'notPossible'
  | 'lastOwner' // nobody would be left who may close the thread or take somebody out
  | 'movedOn' // somebody does not stand any more as was shown; nothing was done
  | 'unsettled' // whether the account's secrets were changed is not known: no answer came
  | 'protocol' // the server does not speak this protocol
  | 'version' // the server asks for a newer page: reload
  | 'otherTab' // another tab of this session is the active one
  | 'damaged' // what was kept in this browser does not open
  | 'clock' // this device's clock is too far from the server's
  | 'ownCheck' // what this device made does not pass its own check; nothing was sent
  | 'platform';

export interface ServerInfo {
  origin: string;
  version: string;
  /** Demonstration with fictitious data: a permanent banner says so. */
  demo: boolean;
  /** Whether an account can be made without an invitation. */
  openRegistration: boolean;
}

/** One persona of a demonstration's cast page. */
export interface CastMember {
  what: { fr: string; en: string };
  name: string;
  email: string;
  password: string;
}

export interface Me {
  user: Id;
  session: Id;
  name: string;
  email: string;
  locale: Locale;
  orgs: { id: Id; name: string }[];
  /** The organization being worked in; null: personal context. */
  org: Id | null;
  /** Server time until which the session lives. */
  until: Ms;
}

export interface PersonView {
  user: Id;
  name: string;
  /** Names of common organizations. */
  orgs: string[];
  /**
   * `attested`: their organization's chain vouches for them up to our trust anchor.
   * `known`: only their own chain is consistent. `changed`: their identity differs from what was pinned.
   */
  standing: 'attested' | 'known' | 'changed';
}

export interface TeamView {
  team: Id;
  name: string;
  org: Id;
  unit: Id;
}

/** Somebody or a team in a thread. */
export interface PartyView {
  id: Id;
  kind: 'user' | 'team';
  name: string;
  org: string | null;
  state: 'invited' | 'active' | 'left' | 'declined' | 'removed';
  /** Highest entry delivered to, and read by, them; 0 where nothing is known. */
  delivered: number;
  read: number;
  /** This person may take them out of the thread, or take back what invites them. */
  removable: boolean;
  /** A team that takes part and that this person is in: taken out, they go on reading through it. */
  through?: string;
}

export type Priority = 'routine' | 'soon' | 'urgent';

/** A line of the list of threads. */
export interface ThreadRow {
  id: Id;
  org: Id | null;
  /** null: not opened by this person yet and not in the key index. */
  title: string | null;
  priority: Priority;
  /** Label of the patient it is about, if it is clinical. */
  patient: string | null;
  teams: string[];
  people: string[];
  /** Participants beyond those named. */
  more: number;
  len: number;
  unread: number;
  at: Ms;
  closed: boolean;
  mine: PartyView['state'];
  /**
   * A sentence from the last message, when it has been opened and decrypted; `file` is the media type of its first
   * file where it has no words, and `text` then that file's name.
   */
  preview: { author: string; text: string; file?: string } | null;
  /** The newest message of ours not accepted by the server yet. */
  pending: number;
  /** Something in it failed verification. */
  alarm: Failure | null;
}

export interface FileView {
  /** Handle for `download`; means nothing elsewhere. */
  id: Id;
  name: string;
  mediaType: string;
  size: number;
}

/** How far a message of ours got. */
export type Delivery =
  | { state: 'waiting' } // in the outbox; the page warns before it is closed
  | { state: 'refused'; why: Failure }
  | { state: 'accepted' } // durable on the server
  | { state: 'delivered'; to: Id[] }
  | { state: 'read'; by: Id[] };

export type EntryContent =
  | {
      kind: 'text';
      text: string;
      files: FileView[];
      mentions: Id[];
      replyTo: Id | null;
      title: string | null;
    }
  /** From before this person's history begins, or deleted. */
  | { kind: 'unreadable' }
  /** Signature or content does not hold: shown as such with the reason, never dropped. */
  | { kind: 'bad'; why: Failure }
  /** A signed act: `act` is the control kind's name on the wire (`create`, `add`, `take`, …). */
  | { kind: 'act'; act: string; subjects: string[]; detail: string | null }
  /** Written by a newer version. */
  | { kind: 'newer' };

export interface EntryView {
  thread: Id;
  /** Message id; a draft's local id until accepted. */
  id: Id;
  /** Position in the thread; null while waiting. */
  n: number | null;
  author: Id;
  authorName: string;
  mine: boolean;
  /** Server time; for a waiting one the time of writing. */
  at: Ms;
  content: EntryContent;
  /** Only where `mine`. */
  delivery: Delivery | null;
}

export interface ThreadView {
  row: ThreadRow;
  parties: PartyView[];
  /** Whether older entries exist before the first shown. */
  older: boolean;
  entries: EntryView[];
  /** The person may write (not closed, active, seeds present). */
  writable: boolean;
  /** The person may bring others in. */
  mayAdd: boolean;
}

export type Link =
  | { state: 'connecting' }
  | { state: 'live'; behind: boolean }
  | { state: 'offline'; retryAt: Ms; since: Ms }
  /** For good: the words say what to do (sign in again, update, …). */
  | { state: 'stopped'; why: Failure };

/** What kind of browser a session runs in. */
export interface Software {
  browser: 'Chrome' | 'Edge' | 'Firefox' | 'Opera' | 'Safari' | 'other';
  system: 'Android' | 'ChromeOS' | 'Linux' | 'Windows' | 'iOS' | 'macOS' | 'other';
}

export interface SessionInfo {
  session: Id;
  /** What the person called the device; empty: nothing. */
  label: string;
  /** null: no browser, or signed in with an earlier password. */
  software: Software | null;
  current: boolean;
  createdAt: Ms;
  seenAt: Ms;
}

/** What the worker tells the page, in order. Lists are patches; ids not named are unchanged. */
export type Note =
  | { t: 'link'; link: Link }
  | { t: 'me'; me: Me }
  | { t: 'rows'; upsert: ThreadRow[]; gone: Id[]; complete: boolean }
  | { t: 'entries'; thread: Id; upsert: EntryView[]; dropDrafts: Id[] }
  | { t: 'thread'; thread: Id; row: ThreadRow; parties: PartyView[]; writable: boolean; mayAdd: boolean }
  | { t: 'outbox'; waiting: number }
  | { t: 'alarm'; thread: Id | null; why: Failure }
  | { t: 'signedOut'; why: Failure | null };

export interface NewThread {
  org: Id | null;
  title: string;
  priority: Priority;
  people: Id[];
  teams: Id[];
  /** First message; a thread is made with one. */
  text: string;
}

export interface NewFile {
  name: string;
  mediaType: string;
  bytes: Blob;
}

/** How much work the worker has done since it began. Says nothing of what was opened or by whom it was signed. */
export interface Counts {
  signatures: number;
  boxes: number;
  messages: number;
}

/** The calls of the page. Every one may reject with a {@link Failure}. */
export interface Api {
  server(): Promise<ServerInfo>;
  /** For measurements: what was verified and opened so far. */
  counts(): Promise<Counts>;
  /** Only in a demonstration; else an empty list. */
  cast(): Promise<CastMember[]>;
  /**
   * Only in a demonstration: the code that was mailed for a sign-in of its cast, so that a click on a person opens
   * their account. Rejects elsewhere.
   */
  castCode(login: Id, email: string): Promise<string>;
  /** Opens what this tab kept over a reload; null: sign in. */
  resume(): Promise<Me | null>;

  /** First factor. The code was sent to the e-mail address; `until` says how long it holds. */
  signIn(email: string, password: string): Promise<{ login: Id; until: Ms; resendAt: Ms }>;
  resendCode(login: Id): Promise<{ resendAt: Ms }>;
  confirmCode(login: Id, code: string, keep: boolean): Promise<Me>;
  /** Strength is judged in the page before (at least 12 characters). */
  register(input: {
    email: string;
    name: string;
    password: string;
    locale: Locale;
    invitation: string | null;
  }): Promise<{ login: Id; until: Ms; resendAt: Ms }>;
  /**
   * Ends a registration: the recovery code is shown once. `me` is null where the account is made and coming in failed,
   * of which a note says why: the code counts all the same, and one signs in.
   */
  confirmRegistration(login: Id, code: string): Promise<{ me: Me | null; recoveryCode: string }>;
  recover(input: {
    email: string;
    recoveryCode: string;
    newPassword: string;
  }): Promise<{ login: Id; until: Ms; resendAt: Ms }>;
  /** As {@link Api.confirmRegistration}: the old recovery code is worth nothing once this is answered. */
  confirmRecovery(login: Id, code: string): Promise<{ me: Me | null; recoveryCode: string }>;
  signOut(): Promise<void>;

  setLocale(locale: Locale): Promise<void>;
  focus(org: Id | null): Promise<void>;
  /**
   * Sends as a `rows` note the page after the rows that the page has; asked again with the same number, no other. What
   * is not loaded is read from the server first; where that fails, asking again goes on from there.
   */
  moreRows(have: number): Promise<void>;
  searchPeople(query: string): Promise<{ people: PersonView[]; teams: TeamView[]; more: boolean }>;
  /** 60 digits in twelve groups to compare by voice. */
  safetyNumber(user: Id): Promise<string>;

  openThread(thread: Id): Promise<ThreadView>;
  older(thread: Id, before: number): Promise<{ entries: EntryView[]; older: boolean }>;
  closeView(thread: Id): Promise<void>;
  createThread(input: NewThread): Promise<Id>;
  /** Queued durably before it resolves; works offline. */
  send(thread: Id, text: string, files: NewFile[], replyTo: Id | null): Promise<Id>;
  retry(thread: Id, draft: Id): Promise<void>;
  discard(thread: Id, draft: Id): Promise<void>;
  markRead(thread: Id, n: number): Promise<void>;
  act(thread: Id, act: 'accept' | 'decline' | 'leave' | 'close'): Promise<void>;
  /**
   * Brings somebody or a team in. Whoever is of the thread's organization takes part at once and reads all of it;
   * everybody else is invited, and reads from the joining on (THR-04). Answers which it was.
   */
  addParty(thread: Id, who: Pick<PartyView, 'id' | 'kind'>): Promise<'added' | 'invited'>;
  /**
   * Takes somebody out, who reads nothing of it any more; or takes an invitation back. Rejects with `movedOn` where
   * they do not stand as was shown any more: who has accepted meanwhile is not taken out by taking an invitation back.
   */
  removeParty(thread: Id, who: Pick<PartyView, 'id' | 'kind' | 'state'>): Promise<void>;
  download(thread: Id, file: Id): Promise<Blob>;

  sessions(): Promise<SessionInfo[]>;
  endSession(session: Id): Promise<void>;
  /** The new code, to be shown once: the old one is worth nothing. Rejects with `unsettled` where that is not known. */
  renewRecoveryCode(): Promise<string>;
  /** Ends all other sessions. The new recovery code is answered, to be shown once: the old one is worth nothing. */
  changePassword(old: string, next: string): Promise<string>;
}

/** What `facade.ts` gives the page: the calls, and a stream of notes. */
export interface Worker {
  api: Api;
  /** Returns a function that ends it. */
  listen(to: (note: Note) => void): () => void;
  /** Ends the worker and everything decrypted with it. */
  terminate(): void;
}
